"""Measuring how long the operations of a port take, outside its adapter."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from adapters.gateway.tally import WAIT_BOUNDS, Histogram, Tally
from adapters.wrapping import Append, Operation, wrapped_store, wrapped_surroundings
from chat_domain.entries import Batch
from chat_domain.errors import TryAgain
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.log import Outcome
from chat_domain.ports.store import Store


def _measured(tally: Tally, port: str, method: str, operation: Operation) -> Operation:
    name = (port, method)
    waits = tally.durations.setdefault(name, Histogram(WAIT_BOUNDS))

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


def _measured_append(tally: Tally, append: Append) -> Append:
    """Measures from the call with the batch to the call with its outcome."""
    name = ("log", "append")
    waits = tally.durations.setdefault(name, Histogram(WAIT_BOUNDS))

    def measured(batch: Batch, done: Callable[[Outcome], None]) -> None:
        begun = time.perf_counter()

        def measured_done(outcome: Outcome) -> None:
            waits.add(time.perf_counter() - begun)
            if isinstance(outcome, TryAgain):
                tally.failures[name] += 1
            done(outcome)

        append(batch, measured_done)

    return measured


def timed_store(store: Store, tally: Tally) -> Store:
    return wrapped_store(store, partial(_measured, tally), partial(_measured_append, tally))


def timed_surroundings(surroundings: Surroundings, tally: Tally) -> Surroundings:
    return wrapped_surroundings(surroundings, partial(_measured, tally))
