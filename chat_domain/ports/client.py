"""The far end of a session."""

from typing import Protocol

from chat_domain.errors import ChatError
from chat_domain.hints import Hint
from chat_domain.model import Friend, Message


class Answer(Protocol):
    """What became of a message, for the client that has sent it.

    message: as the chat has it, with its time and its id. tag: the client's own mark of its
    request. stored: whether it waits in a mailbox for at least one recipient. refused: those
    recipients of a group's message whose mailboxes were full. error: why it counts as not
    accepted, if so.
    """

    message: Message
    tag: int | None
    stored: bool
    refused: list[int] | None
    error: ChatError | None


class Client(Protocol):
    """The far end of a session. Its methods return at once; nothing is waited for.

    wants_answers: whether it is to be told what became of what it sends. The C++ server's client
    is not: it could not tell an answer from a chat.
    """

    wants_answers: bool

    def push(self, number: int, message: Message, *, stored: bool) -> None:
        """Send a message. It is taken over when the session is told so with this number."""

    def answered(self, answer: Answer) -> None:
        """What became of a message that this client sent. Called once for each."""

    def friend_changed(self, friend: Friend) -> None:
        """Somebody on this user's list came or went."""

    def tell(self, hint: Hint) -> None:
        """Something that is told by the way."""

    def replaced(self) -> None:
        """Another connection has the session now: say so and close."""

    def dropped(self) -> None:
        """Another node has the session: close."""

    def thrown_out(self) -> None:
        """The operator has ended the session, or whoever else may: close."""
