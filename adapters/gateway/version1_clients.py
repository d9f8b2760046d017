"""The two kinds of client of version 1, as the rules see them (`chat_domain.ports.Client`).

`PersonClient` is a person at a terminal who logged in without asking for version 2.
`OriginalClient` is the C++ server's client. Both are shown only texts of others, and those that
their user writes to themselves; what has left this process counts as taken over.
"""

from collections.abc import Callable, Sequence

from adapters.gateway.clients import Version2Client
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Link
from adapters.gateway.pacer import Pacer
from adapters.gateway.tally import Tally
from adapters.wire import errors, version1
from adapters.wire.frames import ServerFrame
from adapters.wire.framing import MAX_SERVER_FRAME
from adapters.wire.version2 import MessageEncoder
from chat_domain.entries import TEXT, Duplicate, Entry, pair
from chat_domain.errors import ChatError
from chat_domain.model import Friend, User

MOST_PACED = 64  # frames that wait to be sent one by one; the log has the rest


class PersonClient(Version2Client):
    """Reads version 1 on a terminal. The link's `written_upto` is the position up to which
    everything was written to it."""

    __slots__ = ("_early", "_own_id", "_with_oneself")

    version = 1
    sends_taken = False
    on_terminal = True
    # Of the answer to a login: 200 friends with the longest names fit, and it takes 1.5 ms at most.
    longest_frame = MAX_SERVER_FRAME * 3 // 4

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        super().__init__(user, link, encoder, tally)
        link.reset_sent()
        self._early: list[Entry] | None = []  # until the login is answered
        self._own_id = user.id
        self._with_oneself = pair(user.id, user.id)

    def answer_login(
        self, seq: int | None, friends: Sequence[Friend], groups: Sequence[version1.OwnGroup]
    ) -> None:
        """Send LOGIN_MSG_ACK with what was shown so far; what does not fit follows as chats."""
        early, self._early = self._early or [], None
        ack, count = version1.login_ack(
            self._user,
            friends,
            groups,
            early,
            seq=seq,
            limit=self.longest_frame,
            on_terminal=self.on_terminal,
        )
        self._link.write(ack)
        if count:
            self._link.written_upto = early[count - 1].at
        for entry in early[count:]:
            self._show_text_late(entry)

    def show(self, entry: Entry) -> None:
        if self._is_shown(entry):
            self._show_text(entry)
        else:
            self._skip(entry)

    def show_late(self, entry: Entry) -> None:
        if not self._is_shown(entry):
            self._skip(entry)
            return
        if self._early is not None:
            self._early.append(entry)
        else:
            self._show_text_late(entry)

    def _is_shown(self, entry: Entry) -> bool:
        if entry.kind != TEXT:
            return False
        return entry.sender_id != self._own_id or entry.conv == self._with_oneself

    def _skip(self, entry: Entry) -> None:
        if self._early is None:
            self._link.written_upto = entry.at

    def _show_text(self, entry: Entry) -> None:
        self._link.write(self._encoder.chat_for_terminal.of(entry))
        self._link.written_upto = entry.at

    def _show_text_late(self, entry: Entry) -> None:
        self._show_text(entry)

    def _send(self, frame: ServerFrame) -> None:
        """Version 1 has none of these frames."""

    def reset(self) -> None:
        """Nothing it was sent has a new position; what it was not sent yet is read again."""
        self._link.reset_sent()
        if self._early is not None:
            self._early = []

    def friend_changed(self, friend: Friend) -> None:
        """Version 1 has no such frame."""

    def replaced(self) -> None:
        self._link.close(DisconnectReason.REPLACED)


class OriginalClient(PersonClient):
    """Sees one short frame in each of its reads, and only chats once it is logged in.

    on_full_changed: called when `full` changes; a full client stays so until all is sent.
    """

    __slots__ = ("_pacer", "full", "on_full_changed")

    takes_errors = False
    knows_our_requests = False
    on_terminal = False
    longest_frame = version1.MAX_FRAME

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        super().__init__(user, link, encoder, tally)
        self._pacer: Pacer[tuple[bytes, int]] | None = None  # None while nothing has to wait
        self.full = False
        self.on_full_changed: Callable[[], None] = _ignore

    def __len__(self) -> int:
        """How many frames wait to be sent one by one."""
        return 0 if self._pacer is None else len(self._pacer)

    def reset(self) -> None:
        super().reset()
        if self._pacer is not None:
            self._pacer.change(_without_position)

    def _is_free(self) -> bool:
        """Whether nothing waits to be sent before what is sent at once."""
        if self._pacer is not None and not self._pacer.busy:
            self._pacer = None
        return self._pacer is None

    def _skip(self, entry: Entry) -> None:
        if self._is_free():
            super()._skip(entry)

    def show(self, entry: Entry) -> None:
        # As `_is_shown`, without a call for each member of a group.
        if entry.kind != TEXT or (
            entry.sender_id == self._own_id and entry.conv != self._with_oneself
        ):
            self._skip(entry)
            return
        chats = self._encoder.short_chats
        frames = chats.made if entry is chats.last else chats.of(entry)
        if len(frames) == 1 and (self._pacer is None or self._is_free()):
            link = self._link
            link.write(frames[0])
            link.written_upto = entry.at
        else:
            self._pace(frames, entry.at)

    def _show_text_late(self, entry: Entry) -> None:
        self._pace(self._encoder.short_chats.of(entry), entry.at)

    def _pace(self, frames: Sequence[bytes], at: int) -> None:
        """The position goes with the last frame: the text is taken over once all of it is sent."""
        if self._pacer is None:
            self._pacer = Pacer(self._send_paced)
        for frame in frames[:-1]:
            self._pacer.add((frame, 0))
        self._pacer.add((frames[-1], at))
        if len(self._pacer) >= MOST_PACED and not self.full:
            self.full = True
            self.on_full_changed()

    def _send_paced(self, item: tuple[bytes, int]) -> None:
        frame, at = item
        self._link.write_alone(frame)
        self._link.written_upto = at or self._link.written_upto
        if self.full and not len(self):
            self.full = False
            self.on_full_changed()

    def accepted(self, tag: int | None, entry: Entry | Duplicate) -> None:
        """It could mistake an answer for a chat, so it gets none."""

    def refused(self, error: ChatError, tag: int | None) -> None:  # noqa: ARG002
        """It could mistake an ERROR for a chat as well."""
        self._tally.errors[errors.name_of(error)] += 1

    def closed(self) -> None:
        if self._pacer is not None:
            self._pacer.stop()


def _without_position(item: tuple[bytes, int]) -> tuple[bytes, int]:
    return item[0], 0


def _ignore() -> None:
    """Until the session has begun."""
