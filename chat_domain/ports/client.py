"""The far end of a session."""

from collections.abc import Mapping
from typing import Protocol

from chat_domain.entries import Duplicate, Entry
from chat_domain.errors import ChatError
from chat_domain.model import Friend, Muting, Preferences, User


class TextRequest(Protocol):
    """A text that a client wants to send.

    cid: the client's id for it, None if it gave none. seq: the client's own tag of the request. re:
    the position of the entry that it answers, 0 for none.
    """

    msg: str
    cid: str | None
    seq: int | None
    re: int


class Client(Protocol):
    """The far end of a session. Its methods return at once and wait for nothing."""

    def show(self, entry: Entry) -> None:
        """Send an entry of one of the user's conversations, which has just been applied."""

    def show_late(self, entry: Entry) -> None:
        """Send an entry that was applied earlier and not sent to this client then."""

    def accepted(self, tag: int | None, entry: Entry | Duplicate) -> None:
        """A text that this client wrote is in the log. tag: the client's own tag of the request."""

    def refused(self, error: ChatError, tag: int | None) -> None:
        """A text that this client wrote was refused. tag: as in `accepted`."""

    def delivered(self, user_id: int, got: int) -> None:
        """Some device of the user `user_id` has received everything up to the position `got` that
        this client's user has written to them."""

    def read_marks_changed(self, user_id: int, marks: Mapping[int, int]) -> None:
        """A user has read conversations (the keys of `marks`) up to these positions: another user,
        or this client's own on another device."""

    def user_typing(self, user: User, conv: int) -> None:
        """Another user is typing in one of this user's conversations."""

    def settings_changed(self, preferences: Preferences, muting: Muting | None) -> None:
        """The user has changed their settings on another device. muting: the change, if it was to
        mute or unmute a conversation."""

    def reset(self) -> None:
        """The node's follower was reset. Called for clients that are told no positions; others get
        `dropped` instead."""

    def friend_changed(self, friend: Friend) -> None:
        """A user on this user's list has come or gone."""

    def notice(self, text: str) -> None:
        """The operator says this to all users."""

    def replaced(self) -> None:
        """Another connection has the slot now: say so and close."""

    def dropped(self) -> None:
        """The session cannot go on here: close, and let the client reconnect."""

    def revoked(self) -> None:
        """The user, from elsewhere, or the operator has ended the session: say so and close."""
