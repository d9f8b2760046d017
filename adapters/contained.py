"""Letting nothing out of the store and the presence but what their ports promise.

The rules know what to do with a ChatError. Anything else (a statement that an altered table
refuses, an answer that a driver stumbles over) would end whatever asked, the queue of what is to be
written say, and leave its senders without an answer.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from adapters.around import Append, Operation, wrapped_store, wrapped_surroundings
from adapters.incidents import INCIDENTS
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
        except Exception as error:  # noqa: BLE001  # whoever waits for `done` has no other answer
            INCIDENTS.defect(where, error)
            asyncio.get_running_loop().call_soon(done, TryAgain())

    return contained


def contained_store(store: Store) -> Store:
    """Another exception than a ChatError is counted, told, and becomes TryAgain."""
    return wrapped_store(store, partial(_contained, "store"), partial(_contained_append, "store"))


def contained_surroundings(surroundings: Surroundings) -> Surroundings:
    """In the presence and the slots as well, another exception than a ChatError becomes
    TryAgain."""
    return wrapped_surroundings(surroundings, partial(_contained, "presence"))
