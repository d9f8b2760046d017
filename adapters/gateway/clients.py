"""A client of version 2, as the rules see it (`chat_domain.ports.Client`).

How clients of version 1 differ is in `version1_clients`.
"""

from collections.abc import Mapping

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Link
from adapters.gateway.tally import Tally
from adapters.wire import answers, errors, frames
from adapters.wire.frames import ServerFrame, conversation_field, encode
from adapters.wire.version2 import MessageEncoder
from chat_domain.entries import DELETED, Duplicate, Entry
from chat_domain.errors import ChatError
from chat_domain.model import Friend, Muting, Preferences, User

RECONNECT_WITHIN_MS = 1000  # told to clients, which reconnect at random times within it


class Version2Client:
    """A client that says what it has taken over, and is sent everything."""

    __slots__ = ("_encoder", "_link", "_tally", "_user")

    version = 2
    takes_errors = True
    knows_our_requests = True  # the requests that the C++ server did not have
    sends_taken = True  # if not, what has left the process counts as taken over
    on_terminal = False  # if so, what would control a terminal is escaped
    full = False  # whether too many frames wait to be sent one by one

    def __init__(self, user: User, link: Link, encoder: MessageEncoder, tally: Tally) -> None:
        self._user = user
        self._link = link
        self._encoder = encoder
        self._tally = tally

    def show(self, entry: Entry) -> None:
        encoder = self._encoder
        self._link.write(encoder.frame if entry is encoder.last else encoder.encode(entry))

    def show_late(self, entry: Entry) -> None:
        if entry.kind != DELETED:
            self.show(entry)

    def accepted(self, tag: int | None, entry: Entry | Duplicate) -> None:
        if tag is not None:
            self._link.write(encode(answers.Ack(tag, entry.at, entry.time_ms)))

    def refused(self, error: ChatError, tag: int | None) -> None:
        name = errors.name_of(error)
        self._tally.errors[name] += 1
        self._link.write(answers.refusal(name, str(error), tag))

    def delivered(self, user_id: int, got: int) -> None:
        self._send(frames.MarksFrame([frames.Mark(user_id, got)]))

    def read_marks_changed(self, user_id: int, marks: Mapping[int, int]) -> None:
        own_id = self._user.id
        found = [
            frames.Mark(user_id, read=at, **conversation_field(conv, own_id))
            for conv, at in marks.items()
        ]
        self._send(frames.MarksFrame(found))

    def user_typing(self, user: User, conv: int) -> None:
        self._send(
            frames.TypingFrame(user.id, user.name, **conversation_field(conv, self._user.id))
        )

    def settings_changed(self, preferences: Preferences, muting: Muting | None) -> None:
        self._send(answers.SettingsAck.of(preferences, muting, self._user.id))

    def reset(self) -> None:
        """Not called for this client: clients that know positions are `dropped` instead."""

    def friend_changed(self, friend: Friend) -> None:
        self._link.write(self._encoder.presence.of(friend))

    def ping(self, at: int) -> None:
        """Ask whether the client is there. at: everything of its user's up to this was sent."""
        self._send(frames.PingFrame(at=at))

    def notice(self, text: str) -> None:
        self._send(frames.NoticeFrame(text))

    def replaced(self) -> None:
        """Never called: only clients of version 1 have a slot."""

    def going_away(self) -> None:
        self._send(frames.GoingAwayFrame(RECONNECT_WITHIN_MS))

    def dropped(self) -> None:
        self.going_away()
        self._link.close(DisconnectReason.MOVED)

    def revoked(self) -> None:
        self._send(frames.SessionEndedFrame())
        self._link.close(DisconnectReason.LOGGED_OUT)

    def closed(self) -> None:
        """Nothing is in progress that would have to be stopped."""

    def _send(self, frame: ServerFrame) -> None:
        self._link.write(encode(frame))
