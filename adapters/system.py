"""Time and randomness from the operating system."""

import secrets
import time
from collections.abc import Callable


class SystemClock:
    """`chat_domain.ports.runtime.Clock`."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    monotonic = staticmethod(time.monotonic)


READY = 256  # ends of cids prepared in advance; one millisecond rarely needs more


class RandomIds:
    """`chat_domain.ports.runtime.Ids`.

    A cid is the time in ms (12 hex digits), a count within this millisecond (8) and a random mark
    of the process (8). If the clock is set back, the last time stays in use, so that cids still
    sort in the order in which they were made.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._mark = "-" + secrets.token_hex(4)
        self._ends = [self._end(count) for count in range(READY)]
        self._last_ms = 0
        self._prefix = ""
        self._count = 0

    def cid(self) -> str:
        now_ms = self._now_ms()
        if now_ms > self._last_ms:
            self._last_ms = now_ms
            self._prefix = f"{now_ms:012x}-"
            self._count = 0
        count = self._count
        self._count = count + 1
        return self._prefix + (self._ends[count] if count < READY else self._end(count))

    def _end(self, count: int) -> str:
        return f"{count:08x}{self._mark}"

    def session(self) -> str:
        return secrets.token_hex(12)

    def token(self) -> str:
        return secrets.token_urlsafe(32)
