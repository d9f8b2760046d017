"""What is owed to the sender of a message: one answer, once every recipient is settled."""

from typing import Protocol

import attrs

from chat_domain.delivery.sendings import Sendings
from chat_domain.errors import ChatError, MailboxFull, TryAgain
from chat_domain.model import Message


class Sender(Protocol):
    """The session that a message is from, as far as its receipt needs it."""

    sendings: Sendings

    def answer(self, receipt: "Receipt") -> None:
        """Tell the client what became of its message."""


class Owed(Protocol):
    """Whoever is to learn what becomes of a message for one recipient.

    Exactly one of its methods is called. message: the one that the sender is told of.
    remote: it is another node that waits, which keeps the message until it hears from us.
    """

    message: Message
    remote: bool

    def overtakes(self) -> bool:
        """Whether an earlier message of the same sender has been refused for the moment."""

    def delivered(self) -> None:
        """The recipient's client has taken it over."""

    def kept(self) -> None:
        """The recipient's copy is durable."""

    def refuse(self, recipient_id: int) -> None:
        """The recipient's mailbox is full."""

    def fail(self, error: ChatError) -> None:
        """It is neither delivered nor stored: the sender has to send it again."""


@attrs.define(eq=False)
class Receipt:
    """Counts a message's recipients down; the last one to be settled sends the answer. (`Owed`, and
    `chat_domain.ports.client.Answer` when it is final)

    mid: the one that it was accepted under, even if it has joined another copy since.
    tag: the client's own mark of its request, given back with the answer.
    pending: recipients not settled yet. At 0 the fields below are final:
    stored: at least one recipient's copy waits in a mailbox; otherwise all took it over.
    refused: the recipients whose mailboxes were full.
    error: why the whole message must count as not accepted.
    """

    sender: Sender
    message: Message
    mid: str
    tag: int | None
    pending: int
    stored: bool = False
    refused: list[int] | None = None
    error: ChatError | None = None
    remote = False

    def overtakes(self) -> bool:
        return self.sender.sendings.overtakes(self.mid)

    def delivered(self) -> None:
        self.pending -= 1
        if self.pending == 0:
            self.sender.answer(self)

    def kept(self) -> None:
        self.stored = True
        self.delivered()

    def refuse(self, recipient_id: int) -> None:
        if not self.message.group_id:
            self.fail(MailboxFull(recipient_id))  # a group goes on without them
            return
        self.refused = [*(self.refused or ()), recipient_id]
        self.delivered()

    def fail(self, error: ChatError) -> None:
        if not isinstance(self.error, TryAgain):  # which wins: it is to be sent again then
            self.error = error
        if isinstance(error, TryAgain):  # noted now, for the answer may wait for other recipients
            self.sender.sendings.expect_again(self.mid, self.message)
        self.delivered()
