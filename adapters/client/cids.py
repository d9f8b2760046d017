"""Ids for what this client writes, by which it knows it again."""

import time
import uuid

_NOTED = 10_000


class Cids:
    """Each begins with the time, as the protocol asks: 13 digits of milliseconds. Then comes what
    no other client has, so that a message in the stream can be told to be this one's own without
    remembering all that it ever sent.
    """

    def __init__(self) -> None:
        self._mark = f"-{uuid.uuid4().hex}-"
        self._count = 0
        self._noted: dict[str, None] = {}

    def next(self) -> str:
        self._count += 1
        return f"{time.time_ns() // 1_000_000:013}{self._mark}{self._count}"

    def made(self, cid: str) -> bool:
        """Whether this one is of this client's making, or was noted."""
        return cid.startswith(self._mark, 13) or cid in self._noted

    def note(self, cid: str) -> None:
        """Remember one that the application has made; of these, the last 10,000."""
        if not self.made(cid):
            self._noted[cid] = None
            if len(self._noted) > _NOTED:
                del self._noted[next(iter(self._noted))]
