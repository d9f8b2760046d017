"""Work that need not be done at once, done in slices between everything else.

However many clients send a lot at the same moment, the event loop returns to everybody else's
messages after TURN seconds and one slice more.
"""

import asyncio
from collections.abc import Callable

from adapters.runtime.fair_queue import FairQueue, LineageOf

TURN = 0.01  # seconds of slices in each turn of the event loop


class Slices:
    """Origins take turns: one with many connections gets no more than one with one."""

    def __init__(self, lineage_of: LineageOf) -> None:
        self._waiting: FairQueue[Callable[[], None]] = FairQueue(lineage_of)
        self._running = False

    def add(self, origin: str, work: Callable[[], None]) -> None:
        """Do a slice of work when it has its turn. An exception stops nobody else's work."""
        self._waiting.put(origin, work)
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + TURN
        try:
            while self._waiting:
                self._waiting.take()()
                if loop.time() >= ends:
                    break
        finally:
            self._running = bool(self._waiting)
            if self._running:
                loop.call_soon(self._run)
