"""A server whose clock is running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chat_domain.fairness.limits import Limits
from tests.unit.gateway.server import Server


@asynccontextmanager
async def ticking(limits: Limits) -> AsyncIterator[Server]:
    server = Server(limits)
    clock = asyncio.create_task(server.gateway.run_clock())
    yield server
    clock.cancel()
