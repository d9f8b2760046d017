"""The three kinds of client, as the rules see them (`chat_domain.ports.Client`).

`Version2Client` is ours. `PersonClient` is somebody with a terminal who logged in without asking
for version 2. `OriginalClient` is the C++ server's.
"""

from collections.abc import Sequence
from time import time_ns

from adapters.gateway.endings import Ending
from adapters.gateway.link import Link
from adapters.gateway.pacer import Pacer
from adapters.gateway.tally import Tally
from adapters.wire import answers, errors, frames, version1
from adapters.wire.frames import ServerFrame, encode
from adapters.wire.framing import MAX_SERVER_FRAME
from adapters.wire.terminal_safe import terminal_safe
from adapters.wire.version2 import MessageEncoder, chat_ack
from chat_domain.errors import ChatError
from chat_domain.hints import Hint
from chat_domain.model import Friend, Message, User
from chat_domain.ports.client import Answer


class Version2Client:
    """Acknowledges what it takes over, and gets everything that there is."""

    __slots__ = ("_encode", "_link", "_presence", "_tally", "_user_id", "sent")

    version = 2
    wants_answers = True
    takes_errors = True
    knows_ours = True  # the requests that the C++ server did not have
    watches_drain = False
    on_terminal = False  # what would steer a terminal is escaped

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        self._user_id = user.id
        self._link = link
        self._encode = encoder.encode
        self._presence = encoder.presence
        self._tally = tally
        self.sent = 0

    def push(self, number: int, message: Message, *, stored: bool) -> None:
        frame = self._encode(number, message, self._user_id, stored=stored)
        self._link.write(frame)

    def answered(self, answer: Answer) -> None:
        self._tally.answered(answer, time_ns() // 1_000_000)
        if answer.error is not None:
            self.refused(answer.error, answer.tag)
        elif answer.tag is not None:
            self._link.write(chat_ack(answer, answer.tag))

    def refused(self, error: ChatError, seq: int | None) -> None:
        name = errors.name_of(error)
        self._tally.errors[name] += 1
        self._link.write(answers.refusal(name, str(error), seq))

    def friend_changed(self, friend: Friend) -> None:
        self._link.write(self._presence(friend))

    def ping(self) -> None:
        self._send(frames.PingFrame())

    def tell(self, hint: Hint) -> None:
        self._send(frames.hint_frame(hint))

    def replaced(self) -> None:
        self._send(frames.ReplacedFrame())
        self._link.close(Ending.REPLACED)

    def going_away(self, delay_ms: int) -> None:
        self._send(frames.GoingAwayFrame(delay_ms))

    def dropped(self) -> None:
        self._link.abort(Ending.MOVED)

    def thrown_out(self) -> None:
        self._link.abort(Ending.LOGGED_OUT)

    def drained(self) -> None:
        """Nothing follows from it: this client says itself what it has taken over."""

    def closed(self) -> None:
        """Nothing is under way that would have to be stopped."""

    def _send(self, frame: ServerFrame) -> None:
        self._link.write(encode(frame))


class PersonClient(Version2Client):
    """Reads version 1 from a terminal. What has left our buffer counts as taken over."""

    __slots__ = ("_chat_for_terminal", "_early", "_user")

    version = 1
    watches_drain = True
    on_terminal = True
    longest_frame = MAX_SERVER_FRAME  # of the answer to a login; no other comes near it

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        super().__init__(user, link, encoder, tally)
        self._user = user
        self._chat_for_terminal = encoder.chat_for_terminal
        self._early: list[tuple[int, Message]] | None = []  # until the login is answered

    def answer_login(
        self, seq: int | None, friends: Sequence[Friend], groups: Sequence[version1.OwnGroup]
    ) -> None:
        """Send LOGIN_MSG_ACK with what was pushed so far; what does not fit follows as chats."""
        early, self._early = self._early or [], None
        messages = [message for _, message in early]
        ack, count = version1.login_ack(
            self._user, friends, groups, messages, seq=seq, limit=self.longest_frame
        )
        self._link.write(terminal_safe(ack) if self.on_terminal else ack)
        if count:
            self.sent = early[count - 1][0]
        for number, message in early[count:]:
            self.push(number, message, stored=True)

    def push(self, number: int, message: Message, *, stored: bool) -> None:  # noqa: ARG002  # version 1 has no such field
        if self._early is not None:
            self._early.append((number, message))
            return
        self._link.write(self._chat_for_terminal(message, self._user_id))
        self.sent = number

    def friend_changed(self, friend: Friend) -> None:
        """Version 1 has no such frame."""

    def ping(self) -> None:
        """Version 1 could not answer."""

    def tell(self, hint: Hint) -> None:
        """Version 1 has no frames for hints."""

    def replaced(self) -> None:
        self._link.close(Ending.REPLACED)

    def going_away(self, delay_ms: int) -> None:
        """Version 1 has no such frame."""


class OriginalClient(PersonClient):
    """Sees one short frame in each of its reads, and nothing but chats once it is logged in."""

    __slots__ = ("_pacer", "_short_chats")

    wants_answers = False
    takes_errors = False
    knows_ours = False
    on_terminal = False
    longest_frame = version1.MAX_FRAME

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        super().__init__(user, link, encoder, tally)
        self._short_chats = encoder.short_chats
        self._pacer: Pacer[tuple[bytes, int]] = Pacer(self._send_paced)

    def push(self, number: int, message: Message, *, stored: bool) -> None:
        if self._early is not None:
            super().push(number, message, stored=stored)
            return
        frames = self._short_chats(message, self._user_id)
        if len(frames) == 1 and not stored and not self._pacer.busy:
            self._link.write(frames[0])
            self.sent = number
            return
        # The number goes with the last frame: the message is taken over once all of it is out.
        for frame in frames[:-1]:
            self._pacer.add((frame, 0))
        self._pacer.add((frames[-1], number))

    def _send_paced(self, item: tuple[bytes, int]) -> None:
        frame, number = item
        self.sent = number or self.sent
        self._link.write_alone(frame)

    def answered(self, answer: Answer) -> None:
        """It could take an answer for a chat, so it gets none."""

    def refused(self, error: ChatError, seq: int | None) -> None:
        """It could take an ERROR for a chat as well."""

    def closed(self) -> None:
        self._pacer.stop()


def kind_of(version: int, link: Link) -> type[Version2Client]:
    """The kind of client at the far end of a link that asked for this version."""
    if version >= Version2Client.version:
        return Version2Client
    return OriginalClient if link.takes_reads_for_frames() else PersonClient
