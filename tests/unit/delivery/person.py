"""A user with a client that keeps to docs/protocol.md, and notes what it experiences."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import attrs

from chat_domain.delivery.session import Phase
from chat_domain.errors import (
    AlreadyMember,
    ChatError,
    NotMember,
    TooManyUnanswered,
    TryAgain,
)
from chat_domain.model import Message, User
from chat_domain.ports.client import Answer
from tests.unit.delivery.site import Link, Site

if TYPE_CHECKING:
    from tests.unit.delivery.two_nodes import World

CRC = 0  # texts are not altered here


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
        self._change: tuple[str, int] | None = None  # which join or leave has no answer yet
        self._copies: dict[int, int] = {}  # the numbers of messages by those of their copies
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
            link = self.link = Link(self, site, next(self.world.numbers))
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
            self._changed("unsure")

    def begins_anew(self) -> None:
        """A new client process, which has neither seen nor sent anything."""
        if self.link is None:
            for number in list(self._sendings):
                self._settled(number, "fail", error="lost")
            self.process = next(self.world.numbers)
            self._shown.clear()

    def logs_out(self) -> None:
        link = self.link
        if link is not None and link.session is not None:
            link.take(lambda: self._log_out(link))

    async def _log_out(self, link: Link) -> None:
        assert link.session is not None
        await link.site.chat.logins.end(link.session)
        link.end()
        self.loses(link)

    # -- groups ---------------------------------------------------------------------------------

    def changes(self, kind: str, group: int) -> None:
        """Join a group, or leave it."""
        link = self.link
        if link is not None and link.session is not None and self._change is None:
            self._change = kind, group
            self.note(kind, group=group, phase="asked")
            link.take(lambda: self._carry_out(link, kind, group))

    async def _carry_out(self, link: Link, kind: str, group: int) -> None:
        groups = link.site.chat.groups
        phase = "done"
        try:
            await (groups.join if kind == "join" else groups.leave)(self.user.id, group)
        except (AlreadyMember, NotMember):
            pass  # it was done before
        except ChatError:
            phase = "unsure"
        if self.link is link:
            self._changed(phase)

    def _changed(self, phase: str) -> None:
        if self._change is not None:
            kind, group = self._change
            self._change = None
            self.note(kind, group=group, phase=phase)

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
        seq = next(self.world.numbers)
        self._copies[seq] = sending.number
        self.world.note("copy", key=self._key(sending.number), wire=link.number, seq=seq)
        link.take(lambda: self._chat(link, sending, seq))

    def _chat(self, link: Link, sending: Sending, seq: int) -> Awaitable[None] | None:
        chat, key = link.site.chat, self._key(sending.number)
        assert link.session is not None
        cid = key.replace(":", "-")
        try:
            if sending.group:
                unfinished = chat.group_chat.send(link.session, sending.group, key, cid, seq)
            else:
                unfinished = chat.one_to_one.send(link.session, sending.to, key, cid, seq)
        except ChatError as error:
            self.is_told(link, seq, None, error)
            return None
        return self._finish(link, seq, unfinished) if unfinished else None

    async def _finish(self, link: Link, seq: int, unfinished: Awaitable[None]) -> None:
        try:
            await unfinished
        except ChatError as error:
            self.is_told(link, seq, None, error)

    def is_told(
        self, link: Link, seq: int, receipt: Answer | None, error: ChatError | None
    ) -> None:
        """The server answers, whether the client hears it or not."""
        number = self._copies.pop(seq)
        self.world.note("said", wire=link.number, seq=seq)
        if isinstance(error, TryAgain | TooManyUnanswered):
            self.world.note("again", key=self._key(number))
            if self.link is link:
                self._under_way.discard(number)
        elif self.link is not link or number not in self._sendings:
            return
        elif error is not None:
            name = "not_member" if isinstance(error, NotMember) else str(error)
            self._settled(number, "fail", error=name)
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
