"""A client that keeps to docs/protocol.md, and notes what happens to it."""

from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from chat_domain.entries import Entry, LogEnds
from chat_domain.errors import ChatError, NotMember, TooManyUnanswered, TryAgain
from chat_domain.model import User
from tests.delivery.history import crc_of, key_of
from tests.unit.delivery.site import Link, OldLink, Site
from tests.unit.world import Said

if TYPE_CHECKING:
    from tests.unit.delivery.two_nodes import World

HELD_AT_MOST = 5.0  # seconds for which a client leaves alone what it was told


@attrs.define(eq=False)
class Sending:
    """A message that has no answer yet. seqs: those of its copies, the latest last. under_way:
    whether an answer may still come. refused_at: when it was refused temporarily."""

    number: int
    key: str
    cid: str
    to: int
    group: int
    seqs: list[int] = attrs.field(factory=list)
    under_way: bool = False
    refused_at: float = 0.0


@attrs.frozen
class Change:
    """A change of a group that has no answer yet."""

    what: str
    group: int
    cid: str


class Device:
    """One of several clients of a user: a process, and then another one that goes on from what the
    first has saved."""

    def __init__(self, world: "World", user: User) -> None:
        self.world = world
        self.user = user
        self.link: Link | None = None
        self.process = 0
        self.begins_anew()

    def begins_anew(self) -> None:
        """Begin a new process, which has sent nothing and saved no position."""
        if self.link is not None:
            self.loses(self.link)
        elif self.process:
            self.note("closed")
        for sending in list(self._sendings.values()) if self.process else ():
            self._settled(sending, "fail", error="lost")
        self.process = next(self.world.numbers)
        self.name = f"device-{self.process}"
        self.world.issue_token(self.user, self.name)
        self.since: int | None = None
        self.epoch: str | None = None
        self._sendings: dict[int, Sending] = {}  # by number, in order
        self._change: Change | None = None
        self._made: set[str] = set()  # cids
        self._count = 0
        self._read_at = 0.0  # when nothing was unread

    @property
    def is_in(self) -> bool:
        return self.link is not None and self.link.session is not None

    @property
    def is_settled(self) -> bool:
        """Whether it has all its answers, and everything that it can be shown."""
        link = self.link
        return (
            link is not None
            and link.session is not None
            and link.session.live
            and not link.unread
            and not self._sendings
            and self._change is None
        )

    def note(self, kind: str, **facts: Any) -> None:
        self.world.note(kind, process=self.process, user=self.user.id, **facts)

    # -- coming and going ------------------------------------------------------------------------

    def enters(self, site: Site) -> None:
        """Connect, and log in from where this device is."""
        if self.link is None:
            link = self.link = self._new_link(site)
            site.links.append(link)
            link.take(lambda: self._enter(link))

    def _new_link(self, site: Site) -> Link:
        return Link(self, site, next(self.world.numbers))

    async def _enter(self, link: Link) -> None:
        since, chat = self.since, link.site.chat
        try:
            start = await chat.logins.begin_device(self.user, link, self.name, since, self.epoch)
        except ChatError:
            self._turned_away(link)
            return
        link.session = start.session
        if link.gone:
            await chat.logins.end(start.session)
            return
        link.opened(since, start.ends.head, start.ends.epoch, reset=start.reset)
        if self.link is link:
            if start.reset:
                self.begins_at(start.ends)
            self.epoch = start.ends.epoch
            self._is_in("token" if since is not None else "password")
        chat.logins.ready(start.session)

    def _turned_away(self, link: Link) -> None:
        link.end()
        self.loses(link)

    def _is_in(self, how: str) -> None:
        self.note("login", how=how)
        for sending in self._sendings.values():
            self._transmit(sending)
        if self._change is not None:
            self._ask(self._change)

    def loses(self, link: Link) -> None:
        """Give up the connection; what was under way waits for the next."""
        if self.link is link:
            if self.is_in:
                self.note("closed")
            self.link = None
            for sending in self._sendings.values():
                sending.under_way = False

    def logs_out(self) -> None:
        link = self.link
        if link is not None and link.session is not None:
            link.take(lambda: self._log_out(link))

    async def _log_out(self, link: Link) -> None:
        assert link.session is not None
        link.drained()
        await link.site.chat.logins.end(link.session)
        if not link.gone:
            link.end()
            self.loses(link)

    # -- groups ----------------------------------------------------------------------------------

    def changes(self, what: str, group: int) -> None:
        """Join or leave a group, unless another change is under way."""
        if self._change is None:
            self._change = Change(what, group, self._new_cid())
            if self.is_in:
                self._ask(self._change)

    def _new_cid(self) -> str:
        self._count += 1
        cid = f"{self.world.clock.now_ms()}-{self.process}-{self._count}"
        self._made.add(cid)
        return cid

    def _ask(self, change: Change) -> None:
        link = self.link
        assert link is not None
        link.take(lambda: self._carry_out(link, change))

    async def _carry_out(self, link: Link, change: Change) -> None:
        chat, session = link.site.chat, link.session
        assert session is not None
        await chat.queue.wait_answered(session)
        try:
            if change.what == "join":
                done, _ = await chat.groups.join(self.user, change.group, change.cid)
            else:
                done = await chat.groups.leave(self.user, change.group, change.cid)
        except (TryAgain, TooManyUnanswered):
            link.unread.append(lambda: self._ask_again(change))
        except ChatError:
            link.unread.append(lambda: self._changed(change))
        else:
            if not link.gone:
                link.note("acked", at=done.at, cid=change.cid)
                link.unread.append(lambda: self._changed(change))

    def _ask_again(self, change: Change) -> None:
        if self._change is change and self.is_in:
            self._ask(change)

    def _changed(self, change: Change) -> None:
        if self._change is change:
            self._change = None

    # -- sending ---------------------------------------------------------------------------------

    def says(self, *, to: int = 0, group: int = 0) -> None:
        cid = self._new_cid()
        number, key = self._count, f"{self.user.id}:{cid}"
        sending = self._sendings[number] = Sending(number, key, cid, to, group)
        where = {"to": to} if to else {"group": group}
        self.note("send", key=key, sender=self.user.id, number=number, crc=crc_of(key), **where)
        if self.is_in:
            self._transmit(sending)

    def sends_again(self) -> None:
        """Send what was refused temporarily, in order."""
        for sending in list(self._sendings.values()):
            if self.is_in and not sending.under_way:
                self._transmit(sending)

    def goes_on(self) -> None:
        """Read what came, and send again what was refused temporarily, after HELD_AT_MOST."""
        now = self.world.clock.monotonic()
        if self.link is None or not self.link.unread:
            self._read_at = now
        elif now - self._read_at >= HELD_AT_MOST:
            self.reads(1000)
        if any(
            not sending.under_way and now - sending.refused_at >= HELD_AT_MOST
            for sending in self._sendings.values()
        ):
            self.sends_again()

    def sends_copies(self) -> None:
        """Send everything again that has no answer."""
        for sending in list(self._sendings.values()):
            if self.is_in:
                self._transmit(sending)

    def _transmit(self, sending: Sending) -> None:
        link = self.link
        assert link is not None
        seq = next(self.world.numbers)
        sending.seqs.append(seq)
        sending.under_way = True
        link.asked[seq] = sending.cid
        link.note("copy", key=sending.key)
        link.take(lambda: _chat(link, sending, seq))

    def is_accepted(self, seq: int, at: int) -> None:
        for sending in list(self._sendings.values()):
            if seq in sending.seqs:
                self._settled(sending, "ack", at=at)

    def is_refused(self, seq: int, error: ChatError) -> None:
        """A refusal counts only for the last copy, as long as none was accepted."""
        for sending in list(self._sendings.values()):
            if seq == sending.seqs[-1]:
                if isinstance(error, TryAgain | TooManyUnanswered):
                    sending.under_way = False
                    sending.refused_at = self.world.clock.monotonic()
                else:
                    name = "not_member" if isinstance(error, NotMember) else str(error)
                    self._settled(sending, "fail", error=name)

    def _settled(self, sending: Sending, kind: str, **facts: Any) -> None:
        del self._sendings[sending.number]
        self.world.note(kind, key=sending.key, **facts)

    # -- receiving -------------------------------------------------------------------------------

    def reads(self, most: int) -> None:
        """Read frames that have come."""
        for _ in range(most):
            link = self.link
            if link is None or not link.unread:
                return
            link.unread.popleft()()

    def is_shown(self, entry: Entry) -> None:
        if self.since is not None and entry.at <= self.since:
            return
        self.since = entry.at
        if entry.sender_id == self.user.id and entry.cid in self._made:
            for sending in list(self._sendings.values()):
                if sending.cid == entry.cid:
                    self._settled(sending, "ack", at=entry.at)
        else:
            key = key_of(entry.text) if entry.change is None else ""
            self.note("received", at=entry.at, key=key)

    def is_at(self, at: int) -> None:
        """The server says that it has sent everything up to there."""
        self.since = max(self.since or 0, at)

    def begins_at(self, ends: LogEnds) -> None:
        """The server says that positions mean something else from now on."""
        self.since, self.epoch = ends.head, ends.epoch
        self.note("anew")

    def takes_over(self) -> None:
        """Say that everything up to here is safely stored."""
        link, at = self.link, self.since
        if link is not None and link.session is not None and at:
            link.note("taken", at=at)
            link.take(lambda: _taken(link, at))


class OldDevice(Device):
    """A client of version 1. It is shown what others write; its own messages get no answers."""

    def _new_link(self, site: Site) -> Link:
        return OldLink(self, site, next(self.world.numbers))

    async def _enter(self, link: Link) -> None:
        chat = link.site.chat
        try:
            session = await chat.logins.begin_version1(self.user, link)
        except ChatError:
            self._turned_away(link)
            return
        link.session = session
        if link.gone:
            await chat.logins.end(session)
            return
        link.opened(None, 0, "", reset=False)
        if self.link is link:
            self._is_in("password")
        chat.logins.ready(session)

    def _transmit(self, sending: Sending) -> None:
        link = self.link
        assert link is not None
        link.note("copy", key=sending.key)
        link.take(lambda: _chat(link, sending, None))
        self._settled(sending, "fail", error="no answer")

    def says(self, *, to: int = 0, group: int = 0) -> None:
        if self.is_in:
            super().says(to=to, group=group)

    def changes(self, what: str, group: int) -> None:
        """Change nothing: it has no such request here."""

    def takes_over(self) -> None:
        """Say nothing: what was sent counts as taken over."""


def _chat(link: Link, sending: Sending, seq: int | None) -> Awaitable[None] | None:
    chat, session = link.site.chat, link.session
    assert session is not None
    said = Said(sending.key, sending.cid if seq is not None else None, seq)
    refused = partial(link.refused, tag=seq)
    try:
        if sending.group:
            chat.writing.write(session, sending.group, said)
            return None
        unfinished = chat.one_to_one.send(session, sending.to, said)
    except ChatError as error:
        refused(error)
        return None
    return None if unfinished is None else _finished(unfinished, link, seq)


async def _finished(unfinished: Awaitable[None], link: Link, seq: int | None) -> None:
    try:
        await unfinished
    except ChatError as error:
        link.refused(error, seq)


def _taken(link: Link, at: int) -> None:
    session = link.session
    assert session is not None
    with suppress(ChatError):  # the position may be of an epoch that is over
        link.site.chat.marks.record_taken(session, at)
