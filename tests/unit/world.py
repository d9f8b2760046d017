"""A whole node in memory without its clients' connections: the domain over fakes."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING

import attrs

from adapters.memory import memory_store
from adapters.memory.log import MemoryLog
from adapters.memory.nodes import Hub
from chat_domain.entries import Entry
from chat_domain.fairness.guard import Guard
from chat_domain.log.session import Session
from chat_domain.model import User
from chat_domain.people.tokens import Token
from entrypoints.assembly import assemble
from tests.unit.fakes import (
    CountingIds,
    FakeLog,
    ManualClock,
    ManualTasks,
    ManualTimers,
    OpenHasher,
    RecordingClient,
)

if TYPE_CHECKING:
    from chat_domain.ports.store import Store


class World:
    """Everything happens inside a call, or waits for `tasks.drain`.

    beside: another world, with which this one shares the store and the hub. What it tells the other
    one needs a turn of an event loop.
    """

    def __init__(
        self,
        *,
        second_login_replaces: bool = False,
        guard: Guard | None = None,
        beside: "World | None" = None,
    ) -> None:
        store: Store = memory_store() if beside is None else beside.store
        self.clock = ManualClock()
        self.tasks = ManualTasks()
        log = store.log if beside is None else beside.log.inner
        assert isinstance(log, MemoryLog)
        self.log: FakeLog = FakeLog(log, self.tasks.soon)
        self.log.now = self.clock.now_ms
        self.store: Store = attrs.evolve(store, log=self.log)
        self.hub: Hub = Hub() if beside is None else beside.hub
        name = "alone" if beside is None else "beside"
        surroundings = self.hub.surroundings(name)
        self.presence = surroundings.presence
        self.slots = surroundings.slots
        self.hasher = OpenHasher()
        self.ids: CountingIds = CountingIds() if beside is None else beside.ids
        self.timers = ManualTimers(self.clock)
        self.chat = assemble(
            self.store,
            surroundings,
            hasher=self.hasher,
            clock=self.clock,
            ids=self.ids,
            tasks=self.tasks,
            timers=self.timers,
            second_login_replaces=second_login_replaces,
            guard=guard,
        )
        self.tasks.run(self.chat.node.start())
        self.hub.join(name, self.chat.node)

    def register(self, *names: str) -> list[User]:
        return [self.tasks.run(self.chat.registration.register(name, "pw")) for name in names]

    def log_in(
        self, user: User, device: str = "", *, since: int | None = None, epoch: str | None = None
    ) -> "Terminal":
        """Log a user in on a device, and let them catch up. device: "" means a new one."""
        client = RecordingClient()
        epoch = epoch or self.chat.follower.epoch
        start = self.tasks.run(
            self.chat.logins.begin_device(user, client, device or self.ids.session(), since, epoch)
        )
        self.chat.logins.ready(start.session)
        self.tasks.drain()
        return Terminal(self, start.session, client, was_reset=start.reset)

    def log_in_version1(self, user: User) -> "Terminal":
        """Log a user in with a client of version 1."""
        client = RecordingClient()
        session = self.tasks.run(self.chat.logins.begin_version1(user, client))
        self.chat.logins.ready(session)
        self.tasks.drain()
        return Terminal(self, session, client)

    def issue(self, user: User, device: str = "") -> Token:
        """A token for a new session of a user on this device, which can be resumed with it."""
        token = self.tasks.run(self.chat.devices.new_token(user, device))
        self.tasks.run(self.chat.devices.store_token(user, token))
        return token

    def newcomer(self, name: str) -> "Terminal":
        """Register a user and log them in."""
        return self.log_in(self.register(name)[0])

    def group(self, creator: "Terminal", *members: "Terminal", name: str = "a group") -> int:
        _, group = self.tasks.run(self.chat.groups.create(creator.user, name, ""))
        for member in members:
            self.tasks.run(self.chat.groups.join(member.user, group.id))
        return group.id

    def reset(self) -> None:
        """Give the log a new epoch, and let the node notice. What sessions may see then is read
        only by `settle`."""
        self.tasks.run(self.store.log.renew())
        self.log.slow_reads = True
        self.tasks.start(self.chat.follower.poll_head())
        self.tasks.drain()
        while any(session.subscribed for session in self.chat.sessions):
            self.log.reading.popleft()()
            self.tasks.drain()
        self.log.slow_reads = False

    def settle(self) -> None:
        """Let the disk do everything that waits for it, and let everything go on."""
        self.tasks.drain()
        while self.log.writing or self.log.reading:
            self.log.serve()
            self.tasks.drain()

    def passes(self, seconds: float) -> None:
        """Let time pass, as the gateway's clock does."""
        self.clock.advance(seconds)
        self.timers.wake()
        self.chat.node.tick()
        self.tasks.drain()

    def entries(self) -> list[Entry]:
        """The whole log."""
        return list(self.tasks.run(self.store.log.tail(0, 10_000)).entries)

    def waiting_for(self, user: User) -> list[str]:
        """The texts of others that no device of a user's has got, as far as the store knows."""
        opening = self.tasks.run(self.store.log.opening(user.id))
        found = self.tasks.run(self.store.log.read(user.id, opening.got, 10_000))
        return [entry.text for entry in found.entries if entry.sender_id != user.id]


@attrs.define
class Said:
    """A request to send a text. (`chat_domain.ports.client.Said`)"""

    msg: str
    cid: str | None = None
    seq: int | None = 1
    re: int = 0


@attrs.frozen
class Terminal:
    """A user who is logged in."""

    world: World
    session: Session
    client: RecordingClient
    was_reset: bool = False

    @property
    def user(self) -> User:
        return self.session.user

    def says(self, to: User, text: str, cid: str | None = None, tag: int | None = 1) -> None:
        said = Said(text, cid, tag)
        self._go(self.world.chat.one_to_one.send(self.session, to.id, said))

    def says_to_group(self, group_id: int, text: str, cid: str | None = None) -> None:
        self.world.chat.writing.write(self.session, group_id, Said(text, cid))
        self.world.tasks.drain()

    def _go(self, unfinished: Awaitable[None] | None) -> None:
        if unfinished is not None:
            self.world.tasks.start(_finish(unfinished))
        self.world.tasks.drain()

    def takes_over(self, at: int | None = None) -> None:
        """Say that everything up to this position is taken over, or else everything shown."""
        if at is None:
            at = self.world.chat.offline.position(self.session)
        self.world.chat.marks.record_taken(self.session, at)
        self.world.tasks.drain()

    def leaves(self) -> None:
        self.world.tasks.run(self.world.chat.logins.end(self.session))

    def comes_again(self, since: int | None = None, epoch: str | None = None) -> "Terminal":
        """Log the same device in again; it says that it has everything up to `since`."""
        self.leaves()
        return self.world.log_in(self.user, self.session.name, since=since, epoch=epoch)

    def chokes(self) -> None:
        """Let its link take no more."""
        self.world.chat.offline.choked(self.session)

    def takes_more(self) -> None:
        self.world.chat.offline.unchoked(self.session)
        self.world.tasks.drain()

    @property
    def is_live(self) -> bool:
        return self.session.live


async def _finish(unfinished: Awaitable[None]) -> None:
    await unfinished
