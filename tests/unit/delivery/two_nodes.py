"""Two nodes over one log and the people on them, without an event loop; a history records what
happens to everyone."""

import itertools
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs

from adapters.memory import memory_store
from adapters.memory.log import MemoryLog
from chat_domain.entries import LogSlice
from chat_domain.errors import TryAgain
from chat_domain.model import User
from chat_domain.people.tokens import Token
from entrypoints.assembly import assemble
from tests.delivery.history import facts_of, note_log
from tests.unit.delivery.device import Device, OldDevice
from tests.unit.delivery.lossy_hub import LossyHub
from tests.unit.delivery.safe import Safe
from tests.unit.delivery.site import MortalTasks, Site
from tests.unit.fakes import (
    CountingIds,
    FakeLog,
    ManualClock,
    ManualTimers,
    OpenHasher,
    finished,
)

if TYPE_CHECKING:
    from tests.delivery.history import Event

DEVICES = 2  # of each person, besides a client of version 1
OFF = -300_000  # milliseconds by which the second node's clock is off


class WrongClock(ManualClock):
    """Another clock, except for the time of day."""

    def __init__(self, right: ManualClock) -> None:
        self._right = right

    def now_ms(self) -> int:
        return self._right.now_ms() + OFF

    def monotonic(self) -> float:
        return self._right.monotonic()


class World:
    def __init__(self, people: int = 3) -> None:
        self.clock = ManualClock()
        self.numbers = itertools.count(1)
        self.events: list[Event] = []
        self._store = memory_store()
        assert isinstance(self._store.log, MemoryLog)
        self._log = self._store.log
        self.safe = Safe(self._store)
        self._ids = CountingIds()
        self.timers = ManualTimers(self.clock)
        self.hub = LossyHub()
        self._noted: list[Event] = []
        self._broken: set[str] = set()
        self.sites = [self._new_site(0), self._new_site(1)]
        registration, tasks = self.sites[0].chat.registration, self.sites[0].tasks
        users = [
            tasks.run(registration.register(f"person {number}", "x")) for number in range(people)
        ]
        kinds = [Device] * DEVICES + [OldDevice]
        self.people = [[kind(self, user) for kind in kinds] for user in users]
        groups = self.sites[0].chat.groups
        _, group = tasks.run(groups.create(users[0], "a group", ""))
        self.group = group.id

    @property
    def devices(self) -> list[Device]:
        return [device for person in self.people for device in person]

    def note(self, kind: str, **facts: Any) -> None:
        self.events.append({"t": self.clock.monotonic(), "kind": kind, **facts})

    def _new_site(self, number: int) -> Site:
        name, tasks = f"node-{next(self.numbers)}", MortalTasks()
        log = FakeLog(self._log, tasks.soon)
        chat = assemble(
            attrs.evolve(self._store, log=log),
            self.hub.surroundings(name),
            hasher=OpenHasher(),
            clock=WrongClock(self.clock) if number else self.clock,
            ids=self._ids,
            tasks=tasks,
            timers=self.timers,
        )
        tasks.run(chat.node.start())
        self.hub.join(name, chat.node)
        site = Site(name, chat, tasks, log)
        tasks.start(_follow(site))
        return site

    # -- what goes on by itself ------------------------------------------------------------------

    def go_on(self) -> None:
        """Let the nodes do everything that they can without the network."""
        for site in self.sites:
            if not site.hung:
                site.tasks.drain()

    def carry(self, site: Site, most: int) -> bool:
        if site.hung:
            return False
        moved = self.hub.carry(site.name, most)
        self.go_on()
        return moved

    def carry_all(self) -> None:
        """Carry notes until none are left."""
        self.go_on()
        while any([self.carry(site, 100) for site in self.sites]):  # noqa: C419  # each of them
            pass

    def serve(self) -> None:
        """Let the database do everything that waits for it."""
        self.go_on()
        while any(site.log.writing or site.log.reading for site in self.sites):
            for site in self.sites:
                site.log.serve()
            self.go_on()

    def tick(self) -> None:
        """Let half a second pass."""
        self.clock.advance(0.5)
        self.timers.wake()
        for site in self.sites:
            if not site.hung:
                site.chat.node.tick()
                for link in site.links:
                    link.look_after()
        for device in self.devices:
            device.goes_on()
        self.go_on()
        for person in self.people:
            self._note_mark(person[0].user.id)

    def _note_mark(self, user_id: int) -> None:
        opening = finished(self._log.opening(user_id))
        self.note("stored", user=user_id, got=opening.got, epoch=opening.ends.epoch)

    def notice_who_is_gone(self) -> None:
        """Let servers notice the dead connections, as silence would tell them in the end."""
        for site in self.sites:
            for link in site.links:
                if link.device.link is not link:
                    link.lose()

    # -- what breaks -----------------------------------------------------------------------------

    def breaks(self, what: str, *, broken: bool = True) -> None:
        """Note that something is broken, or works again. what: a node, or its database."""
        if broken != (what in self._broken):
            self._broken ^= {what}
            self.note("fault", what="", target=what, phase="begin" if broken else "end")

    def kill(self, number: int, *, committed: int = 0) -> None:
        """Kill a node with everything in its memory, and start it again under a new name.

        committed: how many of the batches that it had given to the database get into the log.
        """
        self.breaks(f"node {number}")
        old = self.sites[number]
        old.hung = True
        for _ in range(min(committed, len(old.log.writing))):
            old.log.writing.popleft()()
        users = finished(self.hub.users_of(old.name))
        for link in old.links:
            if not link.gone:
                link.end()
                link.device.loses(link)
        self.hub.remove(old.name)
        old.tasks.close()
        self.sites[number] = self._new_site(number)
        other = self.sites[1 - number]
        other.tasks.start(other.chat.node.other_died(users))
        for what in (f"node {number}", f"node {old.name} hung", f"node {old.name}'s lease"):
            self.breaks(what, broken=False)

    def issue_token(self, user: User, name: str) -> None:
        """Give the session of this name a token, without which it would not last."""
        token = Token.first(user, "", name, self._ids, self.clock.now_ms())
        finished(self._store.tokens.add(token.kept, sessions=1_000))

    def lose_lease(self, site: Site) -> None:
        if site.name in self.hub.leases:
            self.breaks(f"node {site.name}'s lease")
            users = finished(self.hub.users_of(site.name))
            self.hub.end_lease(site.name)
            for other in self.sites:
                if other is not site:
                    other.tasks.start(other.chat.node.other_died(users))

    def regain_lease(self, site: Site) -> None:
        if site.name not in self.hub.leases and not site.hung:
            site.chat.node.suspend()
            self.hub.leases.add(site.name)
            site.tasks.start(self._resume(site))
            self.breaks(f"node {site.name}'s lease", broken=False)

    async def _resume(self, site: Site) -> None:
        with suppress(TryAgain):
            await site.chat.node.resume()

    def mend(self, site: Site) -> None:
        """Let a node work again."""
        site.hung = False
        self.breaks(f"node {site.name} hung", broken=False)
        for link in site.links:
            link.go_on()
        self.hub.mend(site.name)
        self.regain_lease(site)

    def lose_the_end(self, noticed: Iterable[int]) -> None:
        """Let the database come back as it was when it was put into the safe. noticed: the nodes
        that notice at once; others notice by the clock, or when they write. The judge goes by the
        time: nothing else happens at the moment of the loss."""
        self.dump()
        self.clock.advance(0.001)
        self.safe.bring_back()
        self.note("lost", head=len(self._tail().entries))
        self.clock.advance(0.001)
        for number in noticed:
            self.sites[number].chat.node.notes_lost()
            self.sites[number].tasks.drain()

    def dump(self) -> None:
        """Note the whole log."""
        noted, self._noted = self._noted, [facts_of(entry) for entry in self._tail().entries]
        note_log(self.note, self._noted, noted)

    def _tail(self) -> LogSlice:
        return finished(self._log.tail(0, 100_000))


async def _follow(site: Site) -> None:
    while True:
        await site.chat.node.poll_head()
