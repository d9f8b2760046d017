"""Time and randomness from the operating system."""

import itertools
import secrets
import time
from collections.abc import Callable, Iterator


class SystemClock:
    """`chat_domain.ports.runtime.Clock`."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    monotonic = staticmethod(time.monotonic)


AT_ONE_TIME = 256  # cids; to read the clock for each would take eight times as long


class RandomIds:
    """`chat_domain.ports.runtime.Ids`.

    A cid is the time in ms (12 hex digits), a count (8) and a random mark of the process (8). The
    time is that of the first of AT_ONE_TIME cids. If the clock is set back, the last time stays in
    use, so that cids still sort in the order in which they were made.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.cid: Callable[[], str] = self._cids().__next__

    def _cids(self) -> Iterator[str]:
        mark, time_ms = secrets.token_hex(4), 0
        ends = [f"{count:02x}-{mark}" for count in range(AT_ONE_TIME)]
        for count in itertools.count():
            time_ms = max(time_ms, self._now_ms())
            beginning = f"{time_ms:012x}-{count % 2**24:06x}"
            for end in ends:
                yield beginning + end

    def session(self) -> str:
        return secrets.token_hex(12)

    def token(self) -> str:
        return secrets.token_urlsafe(32)
