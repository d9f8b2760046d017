"""Ids for what this client writes, by which it recognizes its own entries."""

import time
import uuid

_NOTED = 10_000


class Cids:
    """A cid begins with the time, as the protocol requires, in 13 digits of milliseconds. A mark of
    this client follows, so that it recognizes its own messages without remembering all of them.
    """

    def __init__(self) -> None:
        self._mark = f"-{uuid.uuid4().hex}-"
        self._count = 0
        self._noted: dict[str, None] = {}

    def next(self) -> str:
        self._count += 1
        return f"{time.time_ns() // 1_000_000:013}{self._mark}{self._count}"

    def is_ours(self, cid: str) -> bool:
        """Whether this client has made the cid, or noted it."""
        return cid.startswith(self._mark, 13) or cid in self._noted

    def note(self, cid: str) -> None:
        """Remember a cid that the application has made; the last 10,000 of these are kept."""
        if not self.is_ours(cid):
            self._noted[cid] = None
            if len(self._noted) > _NOTED:
                del self._noted[next(iter(self._noted))]
