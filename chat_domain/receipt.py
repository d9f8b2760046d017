"""What is owed to the sender of a message: one answer, once every recipient is settled."""

from typing import TYPE_CHECKING

import attrs

from chat_domain.errors import ChatError, MailboxFull
from chat_domain.model import Message

if TYPE_CHECKING:
    from chat_domain.session import Session


@attrs.define(eq=False)
class Receipt:
    """Counts a message's recipients down; the last one to be settled sends the answer.

    tag: the client's own mark of its request, given back with the answer.
    pending: recipients not settled yet. At 0 the fields below are final:
    stored: at least one recipient's copy waits in a mailbox; otherwise all took it over.
    refused: the recipients whose mailboxes were full.
    error: why the whole message must count as not accepted.
    """

    sender: "Session"
    message: Message
    tag: int | None
    pending: int
    stored: bool = False
    refused: list[int] | None = None
    error: ChatError | None = None

    def delivered(self) -> None:
        """One recipient's client has taken the message over."""
        self.pending -= 1
        if self.pending == 0:
            self.sender.answer(self)

    def kept(self) -> None:
        """One recipient's copy is durable."""
        self.stored = True
        self.delivered()

    def refuse(self, recipient_id: int) -> None:
        """One recipient's mailbox is full. One to one, that is an error; a group goes on."""
        if not self.message.group_id:
            self.fail(MailboxFull(recipient_id))
            return
        self.refused = [*(self.refused or ()), recipient_id]
        self.delivered()

    def fail(self, error: ChatError) -> None:
        """For one recipient it is neither delivered nor stored: the sender has to send it again."""
        self.error = error
        self.delivered()
