"""Two nodes and the people on them, without an event loop; everyone's experience is a history."""

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs

from adapters.memory import memory_store
from chat_domain.errors import TryAgain
from entrypoints.bootstrap import assemble
from tests.unit.delivery.lossy_hub import LossyHub, ManualLatches
from tests.unit.delivery.person import Person
from tests.unit.delivery.site import Link, MortalTasks, Site
from tests.unit.fakes import CountingIds, FakeMailbox, ManualClock, OpenHasher

if TYPE_CHECKING:
    from tests.delivery.history import Event


class World:
    def __init__(self, people: int = 3) -> None:
        self.clock = ManualClock()
        self.numbers = itertools.count(1)
        self.events: list[Event] = []
        store = memory_store()
        self.mailbox = FakeMailbox(store.mailbox)
        self._store = attrs.evolve(store, mailbox=self.mailbox)
        self._ids = CountingIds()
        self.hub = LossyHub()
        self.sites = [self._new_site(), self._new_site()]
        registration, tasks = self.sites[0].chat.registration, self.sites[0].tasks
        self.people = [
            Person(self, tasks.run(registration.register(f"person {number}", "x")))
            for number in range(people)
        ]
        creator, groups = self.people[0].user.id, self.sites[0].chat.groups
        self.group = tasks.run(groups.create(creator, "a group", "")).id
        self.note("group", group=self.group, user=creator)

    def note(self, kind: str, **facts: Any) -> None:
        self.events.append({"t": self.clock.monotonic(), "kind": kind, **facts})

    def _new_site(self) -> Site:
        name, tasks = f"node-{next(self.numbers)}", MortalTasks()
        surroundings, broker = self.hub.surroundings(name)
        chat = assemble(
            self._store,
            surroundings,
            hasher=OpenHasher(),
            clock=self.clock,
            ids=self._ids,
            tasks=tasks,
            latches=ManualLatches(self.clock),
        )
        self.hub.nodes[name] = chat.node
        self.hub.leases.add(name)
        return Site(name, chat, tasks, broker)

    # -- what goes on by itself -----------------------------------------------------------------

    def go_on(self) -> None:
        """Let the nodes do all that they can without the network."""
        for site in self.sites:
            if not site.hung:
                site.tasks.drain()
                while site.broker.end_turn():
                    site.tasks.drain()

    def carry(self, site: Site, most: int) -> bool:
        if site.hung:
            return False
        site.chat.node.check_lease()
        moved = self.hub.carry(site.name, most)
        self.go_on()
        return moved

    def carry_all(self) -> None:
        """Until nobody has anything to say any more."""
        self.go_on()
        while sum(self.carry(site, 100) for site in self.sites):
            self.go_on()

    def tick(self) -> None:
        """Half a second goes by."""
        self.clock.advance(0.5)
        for site in self.sites:
            if not site.hung:
                site.chat.node.tick()
                for link in site.links:
                    self._look_after(link)
        self.go_on()

    def notice_who_is_gone(self) -> None:
        """What silence tells a server in the end."""
        for site in self.sites:
            for link in site.links:
                if not link.gone and link.person.link is not link:
                    link.lose()

    def _look_after(self, link: Link) -> None:
        if link.gone or link.session is None:
            return
        if link.session.stalled(self.clock.monotonic()):
            link.dropped()
            return
        link.site.chat.delivery.look_after(link.session)

    # -- what breaks ----------------------------------------------------------------------------

    def kill(self, number: int) -> None:
        """A node dies with all that it has in memory, and is started again under a new name."""
        old = self.sites[number]
        old.hung = True
        for link in old.links:
            link.end()
            link.person.loses(link)
        self.hub.remove(old.name)
        users = self.hub.take_from(old.name)
        old.tasks.close()
        self.sites[number] = self._new_site()
        other = self.sites[1 - number]
        other.tasks.start(other.chat.node.died(old.name, users))

    def lose_lease(self, site: Site) -> None:
        """The other node takes its users from it."""
        if site.name in self.hub.leases:
            self.hub.leases.discard(site.name)
            users = self.hub.take_from(site.name)
            for other in self.sites:
                if other is not site:
                    other.tasks.start(other.chat.node.died(site.name, users))

    def regain_lease(self, site: Site) -> None:
        if site.name not in self.hub.leases and not site.hung:
            site.chat.node.suspend()
            self.hub.leases.add(site.name)
            site.tasks.start(self._resume(site))

    async def _resume(self, site: Site) -> None:
        with suppress(TryAgain):
            await site.chat.node.resume()

    def mend(self, site: Site) -> None:
        """Let a node work again as it should."""
        site.hung = False
        for link in site.links:
            link.go_on()
        self.hub.mend(site.name)
        self.regain_lease(site)
