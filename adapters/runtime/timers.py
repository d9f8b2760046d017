"""Waiting for an event, or for some time."""

import asyncio
from contextlib import suppress


class EventLatch:
    """`chat_domain.ports.runtime.Latch`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def open(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        return self._event.is_set()


class LoopTimers:
    """`chat_domain.ports.runtime.Timers`."""

    def latch(self) -> EventLatch:
        return EventLatch()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
