"""Time and randomness from the operating system."""

import itertools
import secrets
import time


class SystemClock:
    """`chat_domain.ports.Clock`."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    monotonic = staticmethod(time.monotonic)


class RandomIds:
    """`chat_domain.ports.Ids`.

    A mid is the time in ms (12 hex digits), a count within the process (8) and the process's own
    random mark (8). Should the clock be set back, the last time is used on, so that mids still
    sort in the order in which they were made.
    """

    def __init__(self) -> None:
        self._mark = "-" + secrets.token_hex(4)
        self._last_ms = 0
        self._prefix = ""
        self._next = itertools.count().__next__

    def mid(self, now_ms: int) -> str:
        if now_ms > self._last_ms:
            self._last_ms = now_ms
            self._prefix = f"{now_ms:012x}-"
            self._next = itertools.count().__next__
        return f"{self._prefix}{self._next():08x}{self._mark}"

    def session(self) -> str:
        return secrets.token_hex(12)

    def token(self) -> str:
        return secrets.token_urlsafe(32)
