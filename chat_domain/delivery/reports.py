"""Telling other nodes what became of the messages that they handed to this one."""

import attrs

from chat_domain.errors import ChatError, CidConflict
from chat_domain.model import Message
from chat_domain.notes import Fate, Settled
from chat_domain.ports.cluster import Broker


class Reports:
    """Collects the reports of a turn of the loop, one note for each node."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._open: dict[str, Settled] = {}

    def add(self, node: str, recipient_id: int, mid: str, fate: Fate) -> None:
        note = self._open.get(node)
        if note is None:
            note = self._open[node] = Settled([])
            self._broker.send(node, note)
        note.fates.append((recipient_id, mid, fate))

    def turn_ended(self) -> None:
        """What was sent in this turn is encoded: nothing can be added to it any more."""
        self._open.clear()


@attrs.define(eq=False)
class RemoteReceipt:
    """What is owed to the node that handed a message over. (`chat_domain.delivery.receipt.Owed`)

    mid: the one that it is known by there, even if it joins another copy here.
    last_from: the recipient's session's, from which a failure strikes that node: what it has handed
    over behind this message must not be taken before it has heard of the failure.
    """

    reports: Reports
    node: str
    recipient_id: int
    mid: str
    message: Message
    last_from: dict[str, str]
    remote = True

    def overtakes(self) -> bool:
        """Its origin knows, and this node does not."""
        return False

    def delivered(self) -> None:
        self._report(Fate.DELIVERED)

    def kept(self) -> None:
        self._report(Fate.STORED)

    def refuse(self, recipient_id: int) -> None:  # noqa: ARG002  # it is ours
        self._report(Fate.FULL)

    def fail(self, error: ChatError) -> None:
        self.last_from.pop(self.node, None)
        self._report(Fate.CONFLICT if isinstance(error, CidConflict) else Fate.FAILED)

    def gone(self) -> None:
        """There is no live session for it here."""
        self._report(Fate.GONE)

    def _report(self, fate: Fate) -> None:
        self.reports.add(self.node, self.recipient_id, self.mid, fate)
