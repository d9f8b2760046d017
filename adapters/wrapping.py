"""Wrapping every operation of a port in another function, without touching its adapter."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import attrs

from chat_domain.entries import Batch
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.log import Outcome
from chat_domain.ports.store import Store

T = TypeVar("T")

Operation = Callable[..., Awaitable[Any]]
# Called with the port's name, the operation's name, and the operation. Returns its replacement.
Around = Callable[[str, str, Operation], Operation]

Append = Callable[[Batch, Callable[[Outcome], None]], None]  # `Log.append`


class _Wrapped:
    """Takes the place of a port, all of whose methods in use are coroutines."""

    def __init__(self, port: object, name: str, around: Around) -> None:
        self._port = port
        self._name = name
        self._around = around

    def __getattr__(self, method: str) -> Operation:
        """Called on the first access to each method; the result is kept as an attribute."""
        wrapped = self._around(self._name, method, getattr(self._port, method))
        setattr(self, method, wrapped)
        return wrapped


def wrapped(port: T, name: str, around: Around) -> T:
    """This port, with each operation replaced by what `around` returns for it."""
    return cast("T", _Wrapped(port, name, around))


def wrapped_store(store: Store, around: Around, around_append: Callable[[Append], Append]) -> Store:
    """This store, each of its ports wrapped under its name; `around_append` wraps `Log.append`."""
    ports = {
        field.name: wrapped(getattr(store, field.name), field.name, around)
        for field in attrs.fields(Store)
        if field.name != "depths"
    }
    ports["log"].append = around_append(store.log.append)
    return attrs.evolve(store, **ports)


def wrapped_surroundings(surroundings: Surroundings, around: Around) -> Surroundings:
    """These surroundings, with presence and slots wrapped."""
    return attrs.evolve(
        surroundings,
        presence=wrapped(surroundings.presence, "presence", around),
        slots=wrapped(surroundings.slots, "slots", around),
    )
