"""The three kinds of client, as the rules see them (`chat_domain.ports.Client`).

`Version2Client` is ours. `PersonClient` is somebody with a terminal who logged in without asking
for version 2. `OriginalClient` is the C++ server's. Both are shown what others say, and what their
user says to themselves, and nothing else; what has left our buffer counts as taken over.
"""

from collections.abc import Callable, Mapping, Sequence

from adapters.gateway.endings import Ending
from adapters.gateway.link import Link
from adapters.gateway.pacer import Pacer
from adapters.gateway.tally import Tally
from adapters.wire import answers, errors, frames, version1
from adapters.wire.frames import ServerFrame, encode, where
from adapters.wire.framing import MAX_SERVER_FRAME
from adapters.wire.version2 import MessageEncoder
from chat_domain.entries import DELETED, TEXT, Ends, Entry, Known, pair
from chat_domain.errors import ChatError
from chat_domain.model import Friend, Muting, Preferences, User

RECONNECT_WITHIN_MS = 1000  # told to clients, who come back at random times within
MOST_PACED = 64  # frames that wait to be sent one after the other; the log has the rest


class Version2Client:
    """Says what it has taken over, and gets everything that there is."""

    __slots__ = ("_encoder", "_link", "_tally", "_user")

    version = 2
    takes_errors = True
    knows_ours = True  # the requests that the C++ server did not have
    says_taken = True  # of who does not, what has left the process is taken over
    on_terminal = False  # what would steer a terminal is escaped
    full = False  # more waits to be sent one after the other than should

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        self._user = user
        self._link = link
        self._encoder = encoder
        self._tally = tally

    def show(self, entry: Entry) -> None:
        self._tally.shown += 1
        self._link.write(self._encoder.encode(entry))

    def show_late(self, entry: Entry) -> None:
        if entry.kind != DELETED:
            self.show(entry)

    def accepted(self, tag: int | None, entry: Entry | Known) -> None:
        if tag is not None:
            self._link.write(encode(answers.Ack(tag, entry.at, entry.time_ms)))

    def refused(self, error: ChatError, tag: int | None) -> None:
        name = errors.name_of(error)
        self._tally.errors[name] += 1
        self._link.write(answers.refusal(name, str(error), tag))

    def marked(self, user_id: int, got: int) -> None:
        self._send(frames.MarksFrame([frames.Mark(user_id, got)]))

    def has_read(self, user_id: int, marks: Mapping[int, int]) -> None:
        own_id = self._user.id
        found = [frames.Mark(user_id, read=at, **where(conv, own_id)) for conv, at in marks.items()]
        self._send(frames.MarksFrame(found))

    def is_typing(self, user: User, conv: int) -> None:
        self._send(frames.TypingFrame(user.id, user.name, **where(conv, self._user.id)))

    def settings_changed(self, preferences: Preferences, muting: Muting | None) -> None:
        self._send(answers.SettingsAck.of(preferences, muting, self._user.id))

    def reset(self, ends: Ends) -> None:
        self._send(frames.ResetFrame(head=ends.head, epoch=ends.epoch, oldest=ends.oldest))

    def friend_changed(self, friend: Friend) -> None:
        self._link.write(self._encoder.presence(friend))

    def ping(self, at: int) -> None:
        """Ask whether anybody is there. at: all of the client's up to it has been sent."""
        self._send(frames.PingFrame(at=at))

    def notice(self, text: str) -> None:
        self._send(frames.NoticeFrame(text))

    def replaced(self) -> None:
        """Nobody else can have this client's place."""

    def going_away(self, delay_ms: int) -> None:
        self._send(frames.GoingAwayFrame(delay_ms))

    def dropped(self) -> None:
        self.going_away(RECONNECT_WITHIN_MS)
        self._link.close(Ending.MOVED)

    def thrown_out(self) -> None:
        self._send(frames.SessionEndedFrame())
        self._link.close(Ending.LOGGED_OUT)

    def closed(self) -> None:
        """Nothing is under way that would have to be stopped."""

    def _send(self, frame: ServerFrame) -> None:
        self._link.write(encode(frame))


class PersonClient(Version2Client):
    """Reads version 1 from a terminal. The link's `said` is the position up to which all was
    written to it."""

    __slots__ = ("_early", "_own_id", "_with_oneself")

    version = 1
    says_taken = False
    on_terminal = True
    # Of the answer to a login: 200 friends fit with the longest names, and it takes 1.5 ms at most.
    longest_frame = MAX_SERVER_FRAME * 3 // 4

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        super().__init__(user, link, encoder, tally)
        link.begin_saying()
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
            self._link.said = early[count - 1].at
        for entry in early[count:]:
            self._send_late(entry)

    def show(self, entry: Entry) -> None:
        # As `_is_shown`, without a call for each member of a group.
        if entry.kind == TEXT and (
            entry.sender_id != self._own_id or entry.conv == self._with_oneself
        ):
            self._tally.shown += 1
            self._send_at_once(entry)
        else:
            self._pass_over(entry)

    def show_late(self, entry: Entry) -> None:
        if not self._is_shown(entry):
            self._pass_over(entry)
            return
        self._tally.shown += 1
        if self._early is not None:
            self._early.append(entry)
        else:
            self._send_late(entry)

    def _is_shown(self, entry: Entry) -> bool:
        if entry.kind != TEXT:
            return False
        return entry.sender_id != self._own_id or entry.conv == self._with_oneself

    def _pass_over(self, entry: Entry) -> None:
        if self._early is None:
            self._link.said = entry.at

    def _send_at_once(self, entry: Entry) -> None:
        self._link.write(self._encoder.chat_for_terminal(entry))
        self._link.said = entry.at

    _send_late = _send_at_once

    def marked(self, user_id: int, got: int) -> None:
        """Version 1 has no such frame."""

    def has_read(self, user_id: int, marks: Mapping[int, int]) -> None:
        """Version 1 has no such frame."""

    def is_typing(self, user: User, conv: int) -> None:
        """Version 1 has no such frame."""

    def settings_changed(self, preferences: Preferences, muting: Muting | None) -> None:
        """Version 1 has no such frame."""

    def reset(self, ends: Ends) -> None:  # noqa: ARG002
        """Version 1 knows no positions; but what it was sent is none of the new ones."""
        self._link.begin_saying()

    def friend_changed(self, friend: Friend) -> None:
        """Version 1 has no such frame."""

    def ping(self, at: int) -> None:
        """Version 1 could not answer."""

    def notice(self, text: str) -> None:
        """Version 1 has no frame for it."""

    def replaced(self) -> None:
        self._link.close(Ending.REPLACED)

    def thrown_out(self) -> None:
        self._link.close(Ending.LOGGED_OUT)

    def going_away(self, delay_ms: int) -> None:
        """Version 1 has no such frame."""


class OriginalClient(PersonClient):
    """Sees one short frame in each of its reads, and nothing but chats once it is logged in.

    full_or_not: called when `full` has changed; once it is, until all of it is sent.
    """

    __slots__ = ("_pacer", "full", "full_or_not")

    takes_errors = False
    knows_ours = False
    on_terminal = False
    longest_frame = version1.MAX_FRAME

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        super().__init__(user, link, encoder, tally)
        self._pacer: Pacer[tuple[bytes, int]] | None = None  # as long as nothing has to wait
        self.full = False
        self.full_or_not: Callable[[], None] = _nobody_asks

    def __len__(self) -> int:
        """How many frames wait to be sent one after the other."""
        return 0 if self._pacer is None else len(self._pacer)

    def reset(self, ends: Ends) -> None:
        super().reset(ends)
        if self._pacer is not None:
            self._pacer.change(_without_position)

    def _is_free(self) -> bool:
        """Whether nothing waits to be sent before what is sent at once."""
        if self._pacer is not None and not self._pacer.busy:
            self._pacer = None
        return self._pacer is None

    def _pass_over(self, entry: Entry) -> None:
        if self._is_free():
            super()._pass_over(entry)

    def _send_at_once(self, entry: Entry) -> None:
        frames = self._encoder.short_chats(entry)
        if len(frames) == 1 and (self._pacer is None or self._is_free()):
            link = self._link
            link.write(frames[0])
            link.said = entry.at
        else:
            self._pace(frames, entry.at)

    def _send_late(self, entry: Entry) -> None:
        self._pace(self._encoder.short_chats(entry), entry.at)

    def _pace(self, frames: Sequence[bytes], at: int) -> None:
        """The position goes with the last frame: the text is taken over once all of it is out."""
        if self._pacer is None:
            self._pacer = Pacer(self._send_paced)
        for frame in frames[:-1]:
            self._pacer.add((frame, 0))
        self._pacer.add((frames[-1], at))
        if len(self._pacer) >= MOST_PACED and not self.full:
            self.full = True
            self.full_or_not()

    def _send_paced(self, item: tuple[bytes, int]) -> None:
        frame, at = item
        self._link.said = at or self._link.said
        self._link.write_alone(frame)
        if self.full and not len(self):
            self.full = False
            self.full_or_not()

    def accepted(self, tag: int | None, entry: Entry | Known) -> None:
        """It could take an answer for a chat, so it gets none."""

    def refused(self, error: ChatError, tag: int | None) -> None:  # noqa: ARG002
        """It could take an ERROR for a chat as well."""
        self._tally.errors[errors.name_of(error)] += 1

    def closed(self) -> None:
        if self._pacer is not None:
            self._pacer.stop()


def _without_position(item: tuple[bytes, int]) -> tuple[bytes, int]:
    return item[0], 0


def _nobody_asks() -> None:
    """As before the session has begun."""


def kind_of(version: int, link: Link) -> type[Version2Client]:
    """The kind of client at the far end of a link that asked for this version."""
    if version >= Version2Client.version:
        return Version2Client
    return OriginalClient if link.takes_reads_for_frames() else PersonClient
