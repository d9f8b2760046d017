"""Letting nothing out of the store and the presence but what their ports promise.

The rules know what to do with a ChatError. Anything else (a statement that an altered table
refuses, an answer that a driver stumbles over) would end whatever asked, a task that stores
messages say, and leave their senders without an answer.
"""

from functools import partial
from typing import Any

import attrs

from adapters.around import Operation, wrapped, wrapped_store
from adapters.incidents import INCIDENTS
from chat_domain.errors import ChatError, TryAgain
from chat_domain.ports.cluster import Surroundings
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


def contained_store(store: Store) -> Store:
    """Another exception than a ChatError is counted, told, and becomes TryAgain."""
    return wrapped_store(store, partial(_contained, "store"))


def contained_presence(surroundings: Surroundings) -> Surroundings:
    """In the presence as well, another exception than a ChatError becomes TryAgain."""
    presence = wrapped(surroundings.presence, "presence", partial(_contained, "presence"))
    return attrs.evolve(surroundings, presence=presence)
