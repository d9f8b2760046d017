"""The far end of a session."""

from collections.abc import Mapping
from typing import Protocol

from chat_domain.entries import Entry, Known
from chat_domain.errors import ChatError
from chat_domain.model import Friend, Muting, Preferences, User


class Said(Protocol):
    """A text that a client wants to send.

    cid: the client's id of it, None if it has given none. seq: its own mark of the request.
    re: the position of what it answers, 0 for nothing.
    """

    @property
    def msg(self) -> str: ...

    @property
    def cid(self) -> str | None: ...

    @property
    def seq(self) -> int | None: ...

    @property
    def re(self) -> int: ...


class Client(Protocol):
    """The far end of a session. Its methods return at once; nothing is waited for."""

    def show(self, entry: Entry) -> None:
        """Send an entry of one of the user's conversations, which has just been applied."""

    def show_late(self, entry: Entry) -> None:
        """Send an entry that was applied before, and that this client was not sent then."""

    def accepted(self, tag: int | None, entry: Entry | Known) -> None:
        """Something that this client wrote is in the log. tag: its own mark of the request."""

    def refused(self, error: ChatError, tag: int | None) -> None:
        """Something that this client asked for was not done."""

    def marked(self, user_id: int, got: int) -> None:
        """Everything up to the position `got` that this client's user has written to the user
        `user_id` is with some device of that one."""

    def has_read(self, user_id: int, marks: Mapping[int, int]) -> None:
        """A user has read conversations up to these positions: another one has, or this client's
        own with another device."""

    def is_typing(self, user: User, conv: int) -> None:
        """Another user is writing something in one of this user's conversations."""

    def settings_changed(self, preferences: Preferences, muting: Muting | None) -> None:
        """With another device, the user has chosen something else. muting: where that was whether
        to be notified of a conversation."""

    def begin_anew(self) -> None:
        """Positions mean something else from now on. For a client that is not told any; one that is
        gets `dropped` instead."""

    def friend_changed(self, friend: Friend) -> None:
        """Somebody on this user's list came or went."""

    def notice(self, text: str) -> None:
        """The operator says this to everybody."""

    def replaced(self) -> None:
        """Another connection has the slot now: say so and close."""

    def dropped(self) -> None:
        """The session cannot go on here: close, and let it come again."""

    def thrown_out(self) -> None:
        """The session has ended by the will of its user elsewhere, or of the operator: say so and
        close."""
