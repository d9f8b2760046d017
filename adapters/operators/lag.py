"""How late the event loop is with what is due: the longest that anybody waits for their turn."""

import asyncio
import time
from collections.abc import Callable

from adapters.gateway.tally import Histogram

EVERY = 0.1  # seconds


async def measure_lag(
    lag: Histogram, every: float = EVERY, clock: Callable[[], float] = time.monotonic
) -> None:
    """Note once by how many seconds a timer fires too late."""
    due = clock() + every
    await asyncio.sleep(every)
    lag.add(max(0.0, clock() - due))
