"""A whole node in memory, less its clients' connections: the domain over fakes."""

from collections.abc import Awaitable

import attrs

from adapters.latch import EventLatches
from adapters.memory import memory_store
from adapters.memory.nodes import Hub
from chat_domain.delivery.session import Phase, Session
from chat_domain.model import User
from entrypoints.bootstrap import assemble
from tests.unit.fakes import (
    CountingIds,
    FakeMailbox,
    ManualClock,
    ManualTasks,
    OpenHasher,
    RecordingClient,
)


class World:
    """Everything happens inside a call, or waits for `tasks.drain`."""

    def __init__(
        self, *, mailbox_capacity: int = 1000, second_login_replaces: bool = False
    ) -> None:
        store = memory_store(mailbox_capacity=mailbox_capacity)
        self.mailbox = FakeMailbox(store.mailbox)
        self.store = attrs.evolve(store, mailbox=self.mailbox)
        hub = Hub()
        surroundings = hub.surroundings("alone")
        self.presence = surroundings.presence
        self.hasher = OpenHasher()
        self.clock = ManualClock()
        self.ids = CountingIds()
        self.tasks = ManualTasks()
        self.chat = assemble(
            self.store,
            surroundings,
            hasher=self.hasher,
            clock=self.clock,
            ids=self.ids,
            tasks=self.tasks,
            latches=EventLatches(),
            second_login_replaces=second_login_replaces,
        )
        hub.join("alone", self.chat.node)

    def register(self, *names: str) -> list[User]:
        return [self.tasks.run(self.chat.registration.register(name, "pw")) for name in names]

    def log_in(
        self, user: User, key: str = "", *, wants_answers: bool = True, takeover: bool = False
    ) -> "Terminal":
        """Log a user in, and let them catch up."""
        client = RecordingClient(wants_answers=wants_answers)
        logging_in = self.chat.logins.log_in(user, client, key, takeover=takeover)
        session = self.tasks.run(logging_in)
        self.chat.offline.fetch(session)
        self.tasks.drain()
        return Terminal(self, session, client)

    def newcomer(self, name: str) -> "Terminal":
        """Register somebody and log them in."""
        return self.log_in(self.register(name)[0])

    def group(self, creator: "Terminal", *members: "Terminal") -> int:
        group = self.tasks.run(self.chat.groups.create(creator.user.id, "a group", ""))
        for member in members:
            self.tasks.run(self.chat.groups.join(member.user.id, group.id))
        return group.id

    def settle(self) -> None:
        """Let the disk do all that waits for it, and everything go on."""
        self.tasks.drain()
        while self.mailbox.writing or self.mailbox.reading:
            self.mailbox.serve()
            self.tasks.drain()

    def passes(self, seconds: float) -> None:
        """Let time pass, as the gateway's clock does."""
        self.clock.advance(seconds)
        self.chat.node.tick()
        self.tasks.drain()

    def waiting_for(self, user: User) -> list[str]:
        """The texts in a user's mailbox."""
        found = self.tasks.run(self.store.mailbox.read(user.id, 10_000, ()))
        return [message.text for message in found]


@attrs.frozen
class Terminal:
    """A user who is logged in."""

    world: World
    session: Session
    client: RecordingClient

    @property
    def user(self) -> User:
        return self.session.user

    def says(self, to: User, text: str, cid: str | None = None, tag: int | None = 1) -> None:
        self._go(self.world.chat.one_to_one.send(self.session, to.id, text, cid, tag))

    def says_to_group(
        self, group_id: int, text: str, cid: str | None = None, tag: int | None = 1
    ) -> None:
        self._go(self.world.chat.group_chat.send(self.session, group_id, text, cid, tag))

    def _go(self, unfinished: Awaitable[None] | None) -> None:
        if unfinished is not None:
            self.world.tasks.start(_finish(unfinished))
        self.world.tasks.drain()

    def takes_over(self, number: int | None = None) -> None:
        """Acknowledge up to this push; all that there were if it is left out."""
        if number is None:
            number = self.session.last_push
        self.world.chat.offline.taken_over(self.session, number)
        self.world.tasks.drain()

    def leaves(self) -> None:
        self.world.tasks.run(self.world.chat.logins.end(self.session))

    def ticks(self) -> None:
        """Do what the gateway does for a session about twice a second."""
        self.world.chat.delivery.look_after(self.session)
        self.world.tasks.drain()

    @property
    def is_live(self) -> bool:
        return self.session.phase is Phase.LIVE


async def _finish(unfinished: Awaitable[None]) -> None:
    await unfinished
