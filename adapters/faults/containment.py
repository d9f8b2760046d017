"""Letting the store and the presence raise nothing but what their ports promise.

The rules handle a ChatError. Any other exception (an altered table refuses a statement, a driver
cannot read an answer) would end the caller, for example the write queue, and leave its senders
without an answer.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from adapters.faults.incidents import INCIDENTS
from adapters.wrapping import Append, Operation, wrapped_store, wrapped_surroundings
from chat_domain.entries import Batch
from chat_domain.errors import ChatError, TryAgain
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.log import Outcome
from chat_domain.ports.store import Store


def _contained(where: str, _port: str, _method: str, operation: Operation) -> Operation:
    INCIDENTS.watch(where)

    async def contained(*args: Any, **kwargs: Any) -> Any:
        try:
            return await operation(*args, **kwargs)
        except ChatError:
            raise
        except Exception as error:
            INCIDENTS.defect(where, error)
            raise TryAgain from error

    return contained


def _contained_append(where: str, append: Append) -> Append:
    def contained(batch: Batch, done: Callable[[Outcome], None]) -> None:
        try:
            append(batch, done)
        except Exception as error:  # noqa: BLE001  # who waits for `done` gets no other answer
            INCIDENTS.defect(where, error)
            asyncio.get_running_loop().call_soon(done, TryAgain())

    return contained


def contained_store(store: Store) -> Store:
    """This store; an exception that is not a ChatError is counted, logged, and becomes TryAgain."""
    return wrapped_store(store, partial(_contained, "store"), partial(_contained_append, "store"))


def contained_surroundings(surroundings: Surroundings) -> Surroundings:
    """These surroundings; presence and slots treat exceptions as `contained_store` does."""
    return wrapped_surroundings(surroundings, partial(_contained, "presence"))
