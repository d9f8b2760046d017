"""TAKEN, as clients of version 2 send it: for every 32 messages, or once a second."""

import time
from collections.abc import Callable

from bench import frames

EVERY, WITHIN = 32, 1.0


class Taking:
    """send: sends a frame to the server."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._untaken, self._due = 0, 0.0

    def got(self, data: bytes, count: int) -> None:
        """Count the messages that have ended in this data, and send TAKEN if it is due."""
        self._untaken += count
        now = time.monotonic()
        if (self._untaken >= EVERY or now >= self._due) and (at := frames.last_position(data)):
            self._send(frames.taken(at))
            self._untaken, self._due = 0, now + WITHIN
