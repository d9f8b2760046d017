"""Which messages have been here before."""

from collections import OrderedDict


class Seen:
    """The last `per_sender` cids of each of the last `senders` who wrote.

    512 are what the protocol asks for. Only a sender who is pushed out by a thousand others
    between a message and its second copy could be shown twice.
    """

    def __init__(self, per_sender: int = 512, senders: int = 1_000) -> None:
        self._per_sender = per_sender
        self._senders = senders
        self._cids: OrderedDict[int, dict[str, None]] = OrderedDict()

    def is_new(self, sender: int, cid: str) -> bool:
        """Remember the message; False if it was remembered already."""
        cids = self._cids.setdefault(sender, {})
        self._cids.move_to_end(sender)
        if cid in cids:
            return False
        cids[cid] = None
        if len(cids) > self._per_sender:
            del cids[next(iter(cids))]
        if len(self._cids) > self._senders:
            self._cids.popitem(last=False)
        return True

    def forget(self) -> None:
        self._cids.clear()
