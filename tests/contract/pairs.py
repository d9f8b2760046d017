"""Two nodes that share a store, and people on them."""

import attrs

from adapters.gateway.tasks import BackgroundTasks
from adapters.memory import memory_store
from adapters.memory.nodes import Hub
from adapters.passwords import Argon2Hasher
from adapters.runtime.system import RandomIds, SystemClock
from adapters.runtime.timers import LoopTimers
from chat_domain.chat import Chat
from chat_domain.log.session import Session
from chat_domain.model import User
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.store import Store
from entrypoints.assembly import assemble
from tests.eventually import eventually
from tests.unit.fakes import RecordingClient
from tests.unit.world import Said


@attrs.define(eq=False)
class Person:
    """A user with a session on a node."""

    node: Chat
    user: User
    session: Session
    client: RecordingClient

    async def says_to_group(self, group_id: int, text: str) -> str:
        """Write a text to a group; return the status of its answer."""
        answers = self.client.answers
        before = len(answers)
        self.node.writing.write(self.session, group_id, Said(text))
        await eventually(lambda: len(answers) > before)
        return answers[before].status

    async def receives(self, *texts: str) -> None:
        """Wait until exactly these have been shown, in this order."""
        await eventually(lambda: len(self.client.texts) >= len(texts))
        assert self.client.texts == list(texts)

    async def is_revoked(self) -> None:
        await eventually(lambda: self.client.notices == ["revoked"])
        assert self.session.ended


async def seen(node: Chat, user: User, *, online: bool) -> None:
    """Wait until the presence shows a user online, or offline: it is updated in the background."""

    async def is_so() -> bool:
        return (user.id in await node.overview.presence.where([user.id])) is online

    await eventually(is_so)


async def enter(node: Chat, user: User, device: str = "device") -> Person:
    """Log a user in on a node."""
    client = RecordingClient()
    start = await node.logins.begin_device(user, client, device)
    node.logins.ready(start.session)
    await seen(node, user, online=True)
    return Person(node, user, start.session, client)


@attrs.frozen
class Pair:
    """Two nodes over one store."""

    first: Chat
    second: Chat


async def pair_in_memory() -> Pair:
    store, hub, hasher = memory_store(), Hub(), Argon2Hasher(cheap=True)
    nodes = [_node(store, hub.surroundings(name), hasher) for name in ("first", "second")]
    for chat in nodes:
        await chat.node.start()
        hub.join(chat.overview.name, chat.node)
    return Pair(*nodes)


def _node(store: Store, surroundings: Surroundings, hasher: Argon2Hasher) -> Chat:
    """A whole node without its sockets."""
    return assemble(
        store,
        surroundings,
        hasher=hasher,
        clock=SystemClock(),
        ids=RandomIds(SystemClock().now_ms),
        tasks=BackgroundTasks(),
        timers=LoopTimers(),
    )
