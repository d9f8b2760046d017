"""A message for one recipient, and what is known of it."""

import enum
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

import attrs

from chat_domain.delivery.receipt import Owed
from chat_domain.model import Message, User
from chat_domain.ports.runtime import Owner


class Window(Owner, Protocol):
    """The session that has pushed a message, as far as storing it needs that."""

    user: User

    def on_file(self, held: "Held", message: Message) -> None:
        """The mailbox has this message, perhaps as another copy of it."""

    def kept(self, shown: Iterable["Held"]) -> list[str]:
        """What became of these is known; return the mids that are to be removed again."""

    def removed(self, mids: Collection[str]) -> None:
        """These are no longer in the mailbox."""


class Keeping(enum.Enum):
    """Whether the mailbox has a copy of what a session holds."""

    NOT = "not"
    BEGUN = "begun"
    DONE = "done"


@attrs.define(eq=False)
class Held:
    """A message that a session is responsible for, and the senders who await its fate."""

    message: Message
    receipts: list[Owed] | Owed | None = None  # one is by far the most frequent
    number: int = 0
    keeping: Keeping = Keeping.NOT
    taken: bool = False
    shown_by: Window | None = None  # whose window it is in while it is being stored

    @property
    def size(self) -> int:
        return self.message.size

    @property
    def is_remote(self) -> bool:
        """Whether another node keeps this message until it hears from us."""
        receipts = self.each_receipt()
        return bool(receipts) and all(receipt.remote for receipt in receipts)

    def overtakes(self) -> bool:
        """Whether one before it was refused, so that its sender has to send both again.

        Not so if one of several copies came after that, or in its right place on another way.
        """
        receipts = self.each_receipt()
        return bool(receipts) and all(receipt.overtakes() for receipt in receipts)

    def keep(self) -> None:
        """The mailbox has a copy: who awaits its fate here is told so."""
        self.keeping = Keeping.DONE
        receipts, self.receipts = self.each_receipt(), None
        for receipt in receipts:
            receipt.kept()

    def join(self, receipt: Owed) -> None:
        """Let a second copy's sender share this one's fate."""
        self.receipts = [*self.each_receipt(), receipt]

    def each_receipt(self) -> Sequence[Owed]:
        if self.receipts is None:
            return ()
        return self.receipts if isinstance(self.receipts, list) else (self.receipts,)
