"""A node without an event loop, and the connections to it."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs

from chat_domain.chat import Chat
from chat_domain.entries import DELETED, TEXT, Duplicate, Entry, pair
from chat_domain.errors import ChatError
from chat_domain.log.session import Session  # noqa: TC001  # attrs looks at it
from chat_domain.model import Friend, Muting, Preferences, User
from tests.delivery.history import crc_of, key_of
from tests.unit.fakes import FakeLog, ManualTasks

if TYPE_CHECKING:
    from tests.unit.delivery.device import Device

Frame = Callable[[], Awaitable[None] | None]


class MortalTasks(ManualTasks):
    """Tasks that can die with their node."""

    def close(self) -> None:
        while self._tasks:
            work = self._tasks.popleft().work
            with suppress(RuntimeError):  # it awaits something while it ends
                work.close()
            work.close()
        self._soon.clear()


@attrs.define(eq=False)
class Site:
    """A node. While it hangs, it does nothing except what it had begun before. log: its connection
    to the database."""

    name: str
    chat: Chat
    tasks: MortalTasks
    log: FakeLog
    hung: bool = False
    links: list["Link"] = attrs.field(factory=list)


class Link:
    """A connection: the far end of a session (`chat_domain.ports.client.Client`), the frames that
    wait to be handled, and those that the client has not read."""

    version = 2

    def __init__(self, device: "Device", site: Site, number: int) -> None:
        self.device = device
        self.site = site
        self.number = number
        self.session: Session | None = None
        self.sent = 0
        self.gone = False  # the server has noticed its end
        self.asked: dict[int, str] = {}  # cids, by the `seq` of the client's requests
        self.unread: deque[Callable[[], None]] = deque()
        self._frames: deque[Frame] = deque()
        self._busy = False

    def note(self, kind: str, **facts: Any) -> None:
        self.device.world.note(kind, wire=self.number, **facts)

    # -- what the server says --------------------------------------------------------------------

    def opened(self, since: int | None, head: int, epoch: str, *, reset: bool) -> None:
        """Note that the login has been answered."""
        self.note(
            "opened",
            user=self.device.user.id,
            version=self.version,
            since=since,
            head=head,
            epoch=epoch,
            reset=reset,
        )

    def show(self, entry: Entry) -> None:
        if entry.kind != DELETED:
            self.note("pushed", at=entry.at, **pushed(entry))
            self._say(lambda: self.device.is_shown(entry))

    show_late = show

    def accepted(self, tag: int | None, entry: Entry | Duplicate) -> None:
        if tag is not None:
            self.note("acked", at=entry.at, cid=self.asked[tag])
            self._say(lambda: self.device.is_accepted(tag, entry.at))

    def refused(self, error: ChatError, tag: int | None) -> None:
        if tag is not None:
            self._say(lambda: self.device.is_refused(tag, error))

    def delivered(self, user_id: int, got: int) -> None:
        self.note("marks", user=user_id, got=got)

    def read_marks_changed(self, user_id: int, marks: Mapping[int, int]) -> None:
        """Nobody looks."""

    def user_typing(self, user: User, conv: int) -> None:
        """Nobody looks."""

    def settings_changed(self, preferences: Preferences, muting: Muting | None) -> None:
        """Nobody looks."""

    def reset(self) -> None:
        """Never called: the server drops the connection instead."""

    def ping(self) -> None:
        """Tell the client up to where everything was sent."""
        if self.session is not None and not self.session.ended:
            at = self.site.chat.offline.position(self.session)
            self.note("said", at=at)
            self._say(lambda: self.device.is_at(at))

    def friend_changed(self, friend: Friend) -> None:
        """Nobody looks."""

    def notice(self, text: str) -> None:
        """Nobody looks."""

    def replaced(self) -> None:
        self.lose()

    def dropped(self) -> None:
        self.lose()

    def revoked(self) -> None:
        self.lose()

    def _say(self, frame: Callable[[], None]) -> None:
        if not self.gone:
            self.unread.append(frame)

    def look_after(self) -> None:
        """Do what a server's clock does for a connection."""
        if self.session is not None and not self.gone:
            self.site.chat.offline.catch_up(self.session)

    def drained(self) -> None:
        """What was sent has left the server, which means nothing in version 2."""

    # -- its end ---------------------------------------------------------------------------------

    def lose(self) -> None:
        """Let the server notice the end of the connection."""
        if not self.gone:
            self.end()
            self.device.loses(self)
            if self.session is not None:
                self.site.tasks.start(self.site.chat.logins.end(self.session))

    def end(self) -> None:
        """End the connection: what has not been handled by now never is."""
        self.gone = True
        self._frames.clear()
        self.unread.clear()
        self.note("cut")

    # -- what the client says --------------------------------------------------------------------

    def take(self, frame: Frame) -> None:
        self._frames.append(frame)
        self.go_on()

    def go_on(self) -> None:
        """Handle frames in order, one at a time."""
        if self.site.hung:
            return
        while self._frames and not self._busy and not self.gone:
            unfinished = self._frames.popleft()()
            if unfinished is not None:
                self._busy = True
                self.site.tasks.start(self._finish(unfinished))

    async def _finish(self, unfinished: Awaitable[None]) -> None:
        await unfinished
        self._busy = False
        self.go_on()


class OldLink(Link):
    """A connection of version 1, which is shown what others write. What is sent counts as taken
    over."""

    version = 1

    def __init__(self, device: "Device", site: Site, number: int) -> None:
        super().__init__(device, site, number)
        self._early: list[Entry] | None = []  # until the login is answered

    def opened(self, since: int | None, head: int, epoch: str, *, reset: bool) -> None:
        early, self._early = self._early or [], None
        super().opened(since, head, epoch, reset=reset)
        for entry in early:
            self.show(entry)

    def show(self, entry: Entry) -> None:
        if self._early is not None:
            self._early.append(entry)
            return
        user_id = self.device.user.id
        of_another = entry.sender_id != user_id or entry.conv == pair(user_id, user_id)
        if entry.kind == TEXT and of_another:
            self.note("pushed", at=0, **pushed(entry))
        self.sent = entry.at

    show_late = show

    def accepted(self, tag: int | None, entry: Entry | Duplicate) -> None:
        """It gets no answers."""

    def refused(self, error: ChatError, tag: int | None) -> None:
        """It gets no answers."""

    def delivered(self, user_id: int, got: int) -> None:
        """It has no such frame."""

    def reset(self) -> None:
        self.sent = 0

    def ping(self) -> None:
        """It knows no positions."""

    def look_after(self) -> None:
        super().look_after()
        self.drained()

    def lose(self) -> None:
        self.drained()
        super().lose()

    def drained(self) -> None:
        if self.session is not None and not self.gone:
            chat, session = self.site.chat, self.session
            chat.marks.record_taken(session, min(self.sent, chat.offline.position(session)))


def pushed(entry: Entry) -> dict[str, Any]:
    """The facts of an entry in a `pushed` event, without its position."""
    facts: dict[str, Any] = {"sender": entry.sender_id, "cid": entry.cid}
    if entry.change is None:
        facts |= {"key": key_of(entry.text), "crc": crc_of(entry.text)}
    return facts
