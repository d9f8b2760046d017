"""Making nodes that share a store."""

from adapters.gateway.tasks import BackgroundTasks
from adapters.latch import EventLatches
from adapters.passwords import Argon2Hasher
from adapters.system import RandomIds, SystemClock
from chat_domain.chat import Chat
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.store import Store
from entrypoints.bootstrap import assemble


def node(store: Store, surroundings: Surroundings, hasher: Argon2Hasher) -> Chat:
    """A whole node but for its sockets."""
    return assemble(
        store,
        surroundings,
        hasher=hasher,
        clock=SystemClock(),
        ids=RandomIds(),
        tasks=BackgroundTasks(),
        latches=EventLatches(),
    )
