"""Ports with something done around each of their operations, from outside of their adapters."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import attrs

from chat_domain.entries import Batch
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.log import Outcome
from chat_domain.ports.store import Store

T = TypeVar("T")

Operation = Callable[..., Awaitable[Any]]
# Given a port's name, an operation's, and the operation: the one to be called instead.
Around = Callable[[str, str, Operation], Operation]

Append = Callable[[Batch, Callable[[Outcome], None]], None]  # of the log: its result is called back


class _Wrapped:
    """Stands for a port, by those of its methods that are coroutines."""

    def __init__(self, port: object, name: str, around: Around) -> None:
        self._port = port
        self._name = name
        self._around = around

    def __getattr__(self, method: str) -> Operation:
        """Called once for each method, which is then an attribute."""
        wrapped = self._around(self._name, method, getattr(self._port, method))
        setattr(self, method, wrapped)
        return wrapped


def wrapped(port: T, name: str, around: Around) -> T:
    """This port, each of whose operations goes by way of `around`."""
    return cast("T", _Wrapped(port, name, around))


def wrapped_store(store: Store, around: Around, around_append: Callable[[Append], Append]) -> Store:
    """The same for each of a store's ports, under their names."""
    ports = {
        field.name: wrapped(getattr(store, field.name), field.name, around)
        for field in attrs.fields(Store)
        if field.name != "depths"
    }
    ports["log"].append = around_append(store.log.append)
    return attrs.evolve(store, **ports)


def wrapped_surroundings(surroundings: Surroundings, around: Around) -> Surroundings:
    """The same for the two of them that are asked for something."""
    return attrs.evolve(
        surroundings,
        presence=wrapped(surroundings.presence, "presence", around),
        slots=wrapped(surroundings.slots, "slots", around),
    )
