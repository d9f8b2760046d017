"""Ids for what this client writes, by which it knows it again."""

import time
import uuid


class Cids:
    """Each begins with the time, as the protocol asks: 13 digits of milliseconds. Then comes what
    no other client has, so that a message in the stream can be told to be this one's own without
    remembering all that it ever sent.
    """

    def __init__(self) -> None:
        self._mark = f"-{uuid.uuid4().hex}-"
        self._count = 0

    def next(self) -> str:
        self._count += 1
        return f"{time.time_ns() // 1_000_000:013}{self._mark}{self._count}"

    def made(self, cid: str) -> bool:
        """Whether this one is of this client's making."""
        return cid.startswith(self._mark, 13)
