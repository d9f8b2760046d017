"""Two nodes and the people on them, without an event loop; everyone's experience is a history."""

import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs

from adapters.memory import memory_store
from chat_domain.chat import Chat
from chat_domain.errors import ChatError, TooManyUnanswered, TryAgain
from chat_domain.model import Friend, Message, User
from chat_domain.receipt import Receipt
from chat_domain.session import Phase, Session
from entrypoints.bootstrap import assemble
from tests.unit.delivery.lossy_hub import LossyBroker, LossyHub, ManualLatches
from tests.unit.fakes import CountingIds, FakeMailbox, ManualClock, ManualTasks, OpenHasher

if TYPE_CHECKING:
    from tests.delivery.history import Event

CRC = 0  # texts are not altered here
Frame = Callable[[], Awaitable[None] | None]


class MortalTasks(ManualTasks):
    """Tasks that can die with their node."""

    def close(self) -> None:
        while self._tasks:
            work, _ = self._tasks.popleft()
            with suppress(RuntimeError):  # it waits for something on its way out
                work.close()
            work.close()


@attrs.define(eq=False)
class Site:
    """A node. A hung one does nothing, but for what it had begun before."""

    name: str
    chat: Chat
    tasks: MortalTasks
    broker: LossyBroker
    hung: bool = False
    links: list["Link"] = attrs.field(factory=list)


@attrs.define(eq=False)
class Link:
    """A connection: the far end of a session, and the frames that wait to be handled."""

    person: "Person"
    site: Site
    session: Session | None = None
    gone: bool = False  # the server has noticed its end
    wants_answers = True
    pushes: list[tuple[int, Message]] = attrs.field(factory=list)
    frames: deque[Frame] = attrs.field(factory=deque)
    busy: bool = False

    def push(self, number: int, message: Message, *, stored: bool) -> None:
        self.pushes.append((number, message))

    def answered(self, receipt: Receipt) -> None:
        if receipt.tag is not None:
            self.person.is_told(self, receipt.tag, receipt, receipt.error)

    def friend_changed(self, friend: Friend) -> None:
        """Nobody looks."""

    def notice(self, text: str) -> None:
        """Nobody reads it."""

    def replaced(self) -> None:
        self.lose()

    def dropped(self) -> None:
        self.lose()

    def thrown_out(self) -> None:
        self.lose()

    def lose(self) -> None:
        """The server notices the end of the connection."""
        self.gone = True
        self.frames.clear()
        self.person.loses(self)
        if self.session is not None:
            self.site.tasks.start(self.site.chat.logins.end(self.session))

    def take(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.go_on()

    def go_on(self) -> None:
        """Handle frames in their order, none while one is waited for."""
        if self.site.hung:
            return
        while self.frames and not self.busy and not self.gone:
            self.site.chat.node.check_lease()
            unfinished = self.frames.popleft()()
            if unfinished is not None:
                self.busy = True
                self.site.tasks.start(self._finish(unfinished))

    async def _finish(self, unfinished: Awaitable[None]) -> None:
        await unfinished
        self.busy = False
        self.go_on()


@attrs.define(eq=False)
class Sending:
    """A message that has no answer yet, at its sender's."""

    number: int
    to: int
    group: int


class Person:
    """A user with a client that keeps to docs/protocol.md."""

    def __init__(self, world: "World", user: User) -> None:
        self.world = world
        self.user = user
        self.link: Link | None = None
        self.process = next(world.numbers)
        self.key = f"token-{next(world.numbers)}"
        self._sendings: dict[int, Sending] = {}  # by number, in order
        self._under_way: set[int] = set()
        self._shown: set[str] = set()
        self._posted = 0

    @property
    def is_in(self) -> bool:
        return self.link is not None and self.link.session is not None

    @property
    def is_live(self) -> bool:
        """Whether messages come straight from their senders, and none has yet to be shown."""
        link = self.link
        return (
            link is not None
            and link.session is not None
            and link.session.phase is Phase.LIVE
            and not link.pushes
        )

    # -- coming and going ---------------------------------------------------------------------

    def enters(self, site: Site, *, resumes: bool = True) -> None:
        """By the token of the last login (the one before, if that did not come about), or anew."""
        if self.link is None:
            key = self.key if resumes else f"token-{next(self.world.numbers)}"
            link = self.link = Link(self, site)
            site.links.append(link)
            link.take(lambda: self._enter(link, key))

    async def _enter(self, link: Link, key: str) -> None:
        chat = link.site.chat
        try:
            session = await chat.logins.log_in(self.user, link, key)
        except ChatError:
            link.gone = True
            self.loses(link)
            return
        if link.gone:
            await chat.logins.end(session)
            return
        link.session = session
        chat.offline.fetch(session)
        if self.link is link:
            self.note("login", how="token" if key == self.key else "password")
            self.key = key
            self._send_what_waits()

    def loses(self, link: Link) -> None:
        """The connection is of no use any more; what was under way waits for the next."""
        if self.link is link:
            if self.is_in:
                self.note("closed")
            self.link = None
            self._under_way.clear()

    def begins_anew(self) -> None:
        """A new client process, which has neither seen nor sent anything."""
        if self.link is None:
            for number in list(self._sendings):
                self._settled(number, "fail", error="lost")
            self.process = next(self.world.numbers)
            self._shown.clear()

    # -- sending --------------------------------------------------------------------------------

    def says(self, to: int = 0, group: int = 0) -> None:
        if self.is_in:
            self._posted += 1
            number = self._posted
            self._sendings[number] = Sending(number, to, group)
            where = {"group": group} if group else {"to": to}
            facts = {"sender": self.user.id, "number": number, "crc": CRC, **where}
            self.note("send", key=self._key(number), **facts)
            if not self._holds(number):
                self._transmit(self._sendings[number])

    def _holds(self, number: int) -> bool:
        """Whether an older message waits to be sent again."""
        return any(other < number for other in self._sendings.keys() - self._under_way)

    def sends_again(self) -> None:
        """Send what was refused for the moment, once nothing is under way any more."""
        if self.is_in and not self._under_way:
            self._send_what_waits()

    def _send_what_waits(self) -> None:
        for sending in list(self._sendings.values()):
            if sending.number not in self._under_way:
                self._transmit(sending)

    def sends_copies(self) -> None:
        """Send everything a second time that has no answer."""
        if self.is_in:
            for number in sorted(self._under_way):
                self._transmit(self._sendings[number])

    def _transmit(self, sending: Sending) -> None:
        link = self.link
        assert link is not None
        self._under_way.add(sending.number)
        self.world.note("copy", key=self._key(sending.number))
        link.take(lambda: self._chat(link, sending))

    def _chat(self, link: Link, sending: Sending) -> Awaitable[None] | None:
        chat, key = link.site.chat, self._key(sending.number)
        assert link.session is not None
        cid = key.replace(":", "-")
        try:
            if sending.group:
                unfinished = chat.group_chat.send(
                    link.session, sending.group, key, cid, sending.number
                )
            else:
                unfinished = chat.one_to_one.send(
                    link.session, sending.to, key, cid, sending.number
                )
        except ChatError as error:
            self.is_told(link, sending.number, None, error)
            return None
        return self._finish(link, sending.number, unfinished) if unfinished else None

    async def _finish(self, link: Link, number: int, unfinished: Awaitable[None]) -> None:
        try:
            await unfinished
        except ChatError as error:
            self.is_told(link, number, None, error)

    def is_told(
        self, link: Link, number: int, receipt: Receipt | None, error: ChatError | None
    ) -> None:
        """The server answers, whether the client hears it or not."""
        if isinstance(error, TryAgain | TooManyUnanswered):
            self.world.note("again", key=self._key(number))
            if self.link is link:
                self._under_way.discard(number)
        elif self.link is not link or number not in self._sendings:
            return
        elif error is not None:
            self._settled(number, "fail", error="not_member")
        elif receipt is not None:
            status = "stored" if receipt.stored else "delivered"
            self._settled(number, "ack", status=status, refused=receipt.refused or [])

    def _settled(self, number: int, kind: str, **facts: Any) -> None:
        del self._sendings[number]
        self._under_way.discard(number)
        self.world.note(kind, key=self._key(number), **facts)

    def _key(self, number: int) -> str:
        return f"{self.user.id}:{number}"

    @property
    def unsettled(self) -> int:
        return len(self._sendings)

    # -- receiving ------------------------------------------------------------------------------

    def shows(self, most: int, *, heard: bool = True) -> None:
        """Take messages over, and say so; that may get lost."""
        link = self.link
        if link is None or not link.pushes:
            return
        for _, message in link.pushes[:most]:
            self._show(message)
        number = link.pushes[:most][-1][0]
        del link.pushes[:most]
        if heard:
            link.take(lambda: self._pushed(link, number))

    def _pushed(self, link: Link, number: int) -> None:
        assert link.session is not None
        if link.session.phase is not Phase.ENDED:
            link.site.chat.offline.taken_over(link.session, number)

    def _show(self, message: Message) -> None:
        if message.text not in self._shown:
            self._shown.add(message.text)
            facts = {"sender": message.sender_id, "group": message.group_id, "crc": CRC}
            self.note("received", key=message.text, mid=message.mid, **facts)

    def note(self, kind: str, **facts: Any) -> None:
        self.world.note(kind, process=self.process, user=self.user.id, **facts)


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
        accounts, tasks = self.sites[0].chat.accounts, self.sites[0].tasks
        self.people = [
            Person(self, tasks.run(accounts.register(f"person {number}", "x")))
            for number in range(people)
        ]

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
        storing = link.site.chat.delivery.store_overdue(link.session)
        if storing is not None:
            link.site.tasks.start(storing)
        link.site.chat.offline.fetch(link.session)

    # -- what breaks ----------------------------------------------------------------------------

    def kill(self, number: int) -> None:
        """A node dies with all that it has in memory, and is started again under a new name."""
        old = self.sites[number]
        old.hung = True
        for link in old.links:
            link.gone = True
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
