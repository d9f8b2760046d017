"""How late the event loop runs what is due: the longest that anything waits for its turn."""

import asyncio
import time
from collections.abc import Callable

from adapters.gateway.tally import Histogram

EVERY = 0.1  # seconds


async def measure_lag(
    lag: Histogram, every: float = EVERY, clock: Callable[[], float] = time.monotonic
) -> None:
    """Record once by how many seconds a timer fires late."""
    due = clock() + every
    await asyncio.sleep(every)
    lag.add(max(0.0, clock() - due))
