"""Measuring how long the operations of a port take, from outside of its adapter."""

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import attrs

from adapters.gateway.tally import WAIT_BOUNDS, Histogram, Tally
from chat_domain.errors import TryAgain
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.store import Store

T = TypeVar("T")


class _Timed:
    """Stands for a port all of whose methods are coroutines."""

    def __init__(self, port: object, name: str, tally: Tally) -> None:
        self._port = port
        self._name = name
        self._tally = tally

    def __getattr__(self, method: str) -> Any:
        """Called once for each method, which is then an attribute."""
        measured = _measured(getattr(self._port, method), (self._name, method), self._tally)
        setattr(self, method, measured)
        return measured


def _measured(operation: Callable[..., Any], name: tuple[str, str], tally: Tally) -> Any:
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


def timed(port: T, name: str, tally: Tally) -> T:
    """The same port, measured under this name."""
    return cast("T", _Timed(port, name, tally))


def timed_store(store: Store, tally: Tally) -> Store:
    ports = {
        field.name: timed(getattr(store, field.name), field.name, tally)
        for field in attrs.fields(Store)
        if field.name != "depths"
    }
    return attrs.evolve(store, **ports)


def timed_presence(surroundings: Surroundings, tally: Tally) -> Surroundings:
    presence = timed(surroundings.presence, "presence", tally)
    return attrs.evolve(surroundings, presence=presence)
