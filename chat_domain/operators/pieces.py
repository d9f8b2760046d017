"""Work on the whole log in small pieces, so that no message waits for it.

Rules:
1. Each job has one piece in flight, and then pauses for a multiple of the time that it took: so it
   takes a fifth of the database's time at most.
2. The size of a piece follows from the time that the last one took, which also shows how busy the
   database is: it is halved after a long one, and doubled after a short one.
"""

from collections.abc import Awaitable, Callable

import attrs

from chat_domain.ports.runtime import Clock, Timers

LEAST, MOST = 10, 200  # entries in a piece
SHORT, LONG = 0.003, 0.01  # seconds
PAUSE = 0.01  # seconds at least
PAUSES = 4  # times what the piece took


@attrs.define(eq=False)
class Pieces:
    _clock: Clock
    _timers: Timers
    _limit: int = attrs.field(default=LEAST, init=False)

    async def run(self, do: Callable[[int], Awaitable[bool]]) -> None:
        """Call `do` with the number of entries that it may handle, until it returns that there are
        no more."""
        more = True
        while more:
            begun = self._clock.monotonic()
            more = await do(self._limit)
            took = self._clock.monotonic() - begun
            self._adapt(took)
            await self._timers.sleep(max(PAUSE, PAUSES * took))

    def _adapt(self, took: float) -> None:
        if took > LONG:
            self._limit = max(LEAST, self._limit // 2)
        elif took < SHORT:
            self._limit = min(MOST, self._limit * 2)
