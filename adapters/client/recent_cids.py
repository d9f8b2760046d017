"""Recognizing messages that come a second time."""

from collections import OrderedDict


class RecentCids:
    """Remembers the last `per_sender` cids of each of the last `senders` senders.

    A copy is shown twice only if that many messages of its sender, or messages of that many other
    senders, came between the message and its copy.
    """

    def __init__(self, per_sender: int = 512, senders: int = 1_000) -> None:
        self._per_sender = per_sender
        self._senders = senders
        self._cids: OrderedDict[int, dict[str, None]] = OrderedDict()

    def is_new(self, sender: int, cid: str) -> bool:
        """Remember the message; return False if it was remembered already."""
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
