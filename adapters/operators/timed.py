"""Measuring how long the operations of a port take, from outside of its adapter."""

import time
from functools import partial
from typing import Any

import attrs

from adapters.around import Operation, wrapped, wrapped_store
from adapters.gateway.tally import WAIT_BOUNDS, Histogram, Tally
from chat_domain.errors import TryAgain
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.store import Store


def _measured(tally: Tally, port: str, method: str, operation: Operation) -> Operation:
    name = (port, method)
    waits = tally.waits.setdefault(name, Histogram(WAIT_BOUNDS))

    async def measured(*args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        try:
            return await operation(*args, **kwargs)
        except TryAgain:
            tally.failures[name] += 1
            raise
        finally:
            waits.add(time.perf_counter() - begun)

    return measured


def timed_store(store: Store, tally: Tally) -> Store:
    return wrapped_store(store, partial(_measured, tally))


def timed_presence(surroundings: Surroundings, tally: Tally) -> Surroundings:
    presence = wrapped(surroundings.presence, "presence", partial(_measured, tally))
    return attrs.evolve(surroundings, presence=presence)
