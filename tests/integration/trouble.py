"""A service that hangs or is down for a while."""

import asyncio
from collections.abc import Awaitable, Callable

from entrypoints.services.program import Program
from tests.integration.chatter import beside

Trouble = Callable[[Program, float], Awaitable[None]]


async def hangs(service: Program, seconds: float) -> None:
    service.pause()
    await asyncio.sleep(seconds)
    service.resume()


async def is_down(service: Program, seconds: float) -> None:
    await beside(service.kill)
    await asyncio.sleep(seconds)
    await beside(service.start)
