"""A whole node under everything that can happen to it, in any order.

Users log in, resume, write, read, acknowledge and vanish; the disk is slow, fails, or fails after
all has been written. At every moment what was acknowledged to its sender is with its recipient or
in the mailbox. At the end everybody comes back, and everything is where it belongs.
"""

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from chat_domain.delivery.session import Phase, Session
from chat_domain.errors import AlreadyOnline, TooManyUnanswered, TryAgain
from chat_domain.model import User
from tests.unit.fakes import Answer, Push, RecordingClient, finished
from tests.unit.world import World

USERS = 3
GROUP = 0  # in the place of a recipient: all others
LONG = "é" * 4096  # three of these fill a window, 64 are more than may wait in memory


@attrs.define(eq=False)
class Sent:
    """One message, whatever the number of its copies."""

    number: int
    cid: str
    sender: int
    to: int
    text: str
    copies: list[tuple["Line", int]] = attrs.field(factory=list)  # by connection and tag
    put_off: bool = False  # refused at once, for the moment

    def answers(self) -> list[Answer]:
        return [answer for line, tag in self.copies for answer in line.answers(tag)]

    def lines(self) -> int:
        """How many connections it came over."""
        return len({id(line) for line, _ in self.copies})

    def acknowledged(self) -> bool:
        return any(answer.error is None for answer in self.answers())

    def failed(self) -> bool:
        """Its sender was told once to send it again, and so it may come behind a later one."""
        return self.put_off or any(answer.error is not None for answer in self.answers())


@attrs.define(eq=False)
class Line:
    """A connection. What was pushed is read by and by, unless it breaks first."""

    session: Session
    client: RecordingClient
    read: int = 0
    sending: bool = False  # a request has to wait, and those behind it with it
    _indexed: int = 0
    _by_tag: defaultdict[int | None, list[Answer]] = attrs.field(factory=lambda: defaultdict(list))

    def answers(self, tag: int) -> list[Answer]:
        for answer in self.client.answers[self._indexed :]:
            self._by_tag[answer.tag].append(answer)
        self._indexed = len(self.client.answers)
        return self._by_tag[tag]


@attrs.define(eq=False)
class Person:
    """A client process: it outlives its connections and remembers what it was shown."""

    user: User
    line: Line | None = None
    connecting: bool = False
    shown: dict[tuple[int, str], Push] = attrs.field(factory=dict)  # by sender and cid, in order
    outbox: list[Sent] = attrs.field(factory=list)

    def show(self, count: int) -> None:
        if self.line is None:
            return
        pushes = self.line.client.pushes[self.line.read :][:count]
        self.line.read += len(pushes)
        for push in pushes:
            self.shown.setdefault((push.message.sender_id, push.message.cid), push)

    def unanswered(self) -> list[Sent]:
        """What no answer has come for on any connection that was still there to bring it."""
        return [sent for sent in self.outbox if not sent.acknowledged()]


@settings(max_examples=60, stateful_step_count=50, deadline=None)
class Node(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        users = self.world.register(*(f"user {number}" for number in range(1, USERS + 1)))
        self.people = {user.id: Person(user) for user in users}
        self.sent: list[Sent] = []
        self.lines: list[Line] = []
        self.tags = 0
        self.unsure = False  # whether a write was ever done although it failed

    @initialize()
    def begin(self) -> None:
        first, *others = self.people.values()
        groups = self.world.chat.groups
        self.group_id = self.world.tasks.run(groups.create(first.user.id, "all", "")).id
        for person in others:
            self.world.tasks.run(groups.join(person.user.id, self.group_id))
        self.world.mailbox.slow_reads = self.world.mailbox.slow_writes = True
        for person in self.people.values():
            self.connect(person)

    # -- connections -----------------------------------------------------------------------

    # Mostly between two of them, so that much happens to the same messages.
    who = st.sampled_from([1, 1, 2, 2, 2, 3])
    to = st.sampled_from([2, 2, 2, 1, 3, GROUP])
    burst = st.sampled_from([1, 1, 1, 2, 5, 80])

    @rule(who=who)
    def logs_in_or_resumes(self, who: int) -> None:
        """Also while the old connection is still there, as far as the server knows."""
        self.connect(self.people[who])

    def connect(self, person: Person) -> None:
        if not person.connecting:
            person.connecting = True
            self.world.tasks.start(self._connect(person))
            self.world.tasks.drain()

    async def _connect(self, person: Person) -> None:
        client = RecordingClient()
        try:
            session = await self.world.chat.logins.log_in(
                person.user, client, f"key of {person.user.id}"
            )
        except AlreadyOnline:
            return
        finally:
            person.connecting = False
        person.line = Line(session, client)
        self.lines.append(person.line)
        self.world.chat.offline.fetch(session)
        for sent in person.unanswered():
            self.transmit(person, sent)

    @rule(who=who)
    def vanishes(self, who: int) -> None:
        self.hang_up(self.people[who])

    def hang_up(self, person: Person) -> None:
        line, person.line = person.line, None
        if line is not None:
            self.world.tasks.start(self.world.chat.logins.end(line.session))
            self.world.tasks.drain()

    # -- messages --------------------------------------------------------------------------

    @rule(who=who, to=to, text=st.sampled_from(["hello", LONG]), count=burst)
    def writes(self, who: int, to: int, text: str, count: int) -> None:
        for _ in range(count):
            self.write(self.people[who], to, text)

    def write(self, person: Person, to: int, text: str) -> None:
        if self.can_send(person):
            number = len(self.sent)
            sent = Sent(number, f"cid-{number}", person.user.id, to, text)
            self.sent.append(sent)
            person.outbox.append(sent)
            self.transmit(person, sent)

    def can_send(self, person: Person) -> bool:
        line = person.line
        return line is not None and not line.sending and line.session.phase is not Phase.ENDED

    @precondition(lambda self: self.impatient())
    @rule(data=st.data())
    def writes_again(self, data: st.DataObject) -> None:
        """Something that has had no answer for a while, or was refused for the moment."""
        self.transmit(*data.draw(st.sampled_from(self.impatient())))

    def impatient(self) -> list[tuple[Person, Sent]]:
        people = self.people.values()
        return [
            (person, sent)
            for person in people
            if self.can_send(person)
            for sent in person.unanswered()[:20]
        ]

    def transmit(self, person: Person, sent: Sent) -> None:
        line = person.line
        if line is None:
            return
        self.tags += 1
        sent.copies.append((line, self.tags))
        try:
            going = self.send(line, sent)
        except (TryAgain, TooManyUnanswered):
            sent.copies.pop()
            sent.put_off = True
            return
        if going is not None:
            line.sending = True
            self.world.tasks.start(self._finish(line, going))

    def send(self, line: Line, sent: Sent) -> Awaitable[None] | None:
        chat, tag = self.world.chat, self.tags
        if sent.to == GROUP:
            return chat.group_chat.send(line.session, self.group_id, sent.text, sent.cid, tag)
        return chat.one_to_one.send(line.session, sent.to, sent.text, sent.cid, tag)

    async def _finish(self, line: Line, going: Awaitable[None]) -> None:
        await going
        line.sending = False

    @rule(who=who, count=st.integers(1, 100), says_so=st.booleans())
    def reads(self, who: int, count: int, says_so: bool) -> None:
        self.people[who].show(count)
        if says_so:
            self.acknowledge(self.people[who], 0)

    def acknowledge(self, person: Person, count: int) -> None:
        person.show(count)
        if person.line is not None:
            self.world.chat.offline.taken_over(person.line.session, person.line.read)

    # -- the disk, the loop and the clock -----------------------------------------------------

    @rule(writes=st.sampled_from([0, 1, 9]), reads=st.sampled_from([0, 1, 9]))
    def the_disk_works(self, writes: int, reads: int) -> None:
        self.serve(self.world.mailbox.reading, reads)
        self.serve(self.world.mailbox.writing, writes)

    def serve(self, queue: deque[Callable[[], None]], count: int) -> None:
        for _ in range(min(count, len(queue))):
            queue.popleft()()
        self.world.tasks.drain()

    @precondition(lambda self: self.world.mailbox.writing or self.world.mailbox.reading)
    @rule(read=st.booleans(), done=st.booleans())
    def the_disk_fails(self, read: bool, done: bool) -> None:
        """Once, and perhaps after all was written."""
        mailbox = self.world.mailbox
        mailbox.unsure, mailbox.failing = done, not done
        self.unsure = self.unsure or done
        self.serve(mailbox.reading if read else mailbox.writing, 1)
        mailbox.unsure = mailbox.failing = False

    @rule(seconds=st.sampled_from([0.5, 2.0, 9.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        for person in self.people.values():
            if person.line is not None:
                self.look_after(person, person.line.session)

    def look_after(self, person: Person, session: Session) -> None:
        """What the gateway does at every tick."""
        if session.phase is Phase.ENDED or session.stalled(self.world.clock.monotonic()):
            self.hang_up(person)
            return
        self.world.chat.delivery.look_after(session)
        self.world.tasks.drain()

    # -- what is always so ---------------------------------------------------------------------

    @invariant()
    def pushes_are_numbered_without_a_gap(self) -> None:
        for line in self.lines:
            assert line.client.numbers == list(range(1, len(line.client.pushes) + 1))

    @invariant()
    def nothing_is_pushed_twice_in_a_session(self) -> None:
        """But for what was written although the disk said otherwise: its cid tells."""
        for line in self.lines:
            mids = [push.message.mid for push in line.client.pushes]
            assert self.unsure or len(mids) == len(set(mids))

    @invariant()
    def copies_join_what_is_under_way(self) -> None:
        """Of those that come over one connection; and but for what the client was shown before."""
        by_cid = {sent.cid: sent for sent in self.sent}
        for person in self.people.values():
            if person.line is not None:
                under_way = [
                    push.message.cid
                    for push in person.line.client.pushes[person.line.read :]
                    if (push.message.sender_id, push.message.cid) not in person.shown
                    and by_cid[push.message.cid].lines() == 1
                ]
                assert len(under_way) == len(set(under_way))

    @invariant()
    def nobody_is_answered_twice(self) -> None:
        for sent in self.sent:
            for line, tag in sent.copies:
                assert len(line.answers(tag)) <= 1

    @invariant()
    def what_is_acknowledged_is_somewhere(self) -> None:
        """With its recipient, who has acknowledged it, or in the mailbox."""
        boxes = {who: self.in_mailbox(who) for who in self.people}
        for sent in self.sent:
            missing = {who for who in self.recipients(sent) if not self.was_shown(sent, who)}
            if missing and sent.acknowledged():
                assert all(sent.cid in boxes[who] for who in missing)

    @invariant()
    def delivered_means_shown(self) -> None:
        for sent in self.sent:
            if any(answer.status == "delivered" for answer in sent.answers()):
                assert all(self.was_shown(sent, who) for who in self.recipients(sent))

    def was_shown(self, sent: Sent, who: int) -> bool:
        return (sent.sender, sent.cid) in self.people[who].shown

    def recipients(self, sent: Sent) -> set[int]:
        return {sent.to} if sent.to != GROUP else self.people.keys() - {sent.sender}

    def in_mailbox(self, who: int) -> set[str]:
        inner = self.world.mailbox.inner
        return {message.cid for message in finished(inner.read(who, 100_000, ()))}

    # -- the end -------------------------------------------------------------------------------

    def teardown(self) -> None:
        for _ in range(200):
            self.bring_everything_on()
            if self.is_settled():
                break
        self.check_the_end()

    def bring_everything_on(self) -> None:
        self.world.settle()
        self.world.clock.advance(30)  # by then nobody waits any more for what was to come again
        for person in self.people.values():
            if person.line is None or person.line.session.phase is Phase.ENDED:
                self.hang_up(person)
                self.world.settle()
                self.connect(person)
            for sent in person.unanswered():
                if not any(line is person.line for line, _ in sent.copies) or sent.failed():
                    self.transmit(person, sent)
                    self.world.settle()
            self.acknowledge(person, 100_000)
            self.look_after_if_there(person)

    def look_after_if_there(self, person: Person) -> None:
        if person.line is not None:
            self.world.chat.offline.fetch(person.line.session)
        self.world.settle()

    def is_settled(self) -> bool:
        return all(
            person.line is not None
            and person.line.session.phase is Phase.LIVE
            and person.line.read == len(person.line.client.pushes)
            and not person.unanswered()
            and (not self.in_mailbox(who) or self.comes_back(person))
            for who, person in self.people.items()
        )

    def comes_back(self, person: Person) -> bool:
        """What could not be removed from the mailbox is, after the next login."""
        self.hang_up(person)
        return False

    def check_the_end(self) -> None:
        for who, person in self.people.items():
            assert self.in_mailbox(who) == set()
            assert not person.unanswered()
            for sender in self.people:
                self.check_order(person, sender)
        for sent in self.sent:
            for line, tag in sent.copies:
                assert len(line.answers(tag)) == 1
            assert all(self.was_shown(sent, who) for who in self.recipients(sent))
        for line in self.lines:
            assert line.session.sendings.unanswered == {}
        assert not self.world.tasks

    def check_order(self, person: Person, sender: int) -> None:
        by_cid = {sent.cid: sent for sent in self.sent}
        shown = [by_cid[cid] for of, cid in person.shown if of == sender]
        numbers = [sent.number for sent in shown if not sent.failed()]
        assert numbers == sorted(numbers)


TestNode = Node.TestCase
