"""Waiting for an event, for a limited time."""

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


class EventLatches:
    """`chat_domain.ports.runtime.Latches`."""

    def latch(self) -> EventLatch:
        return EventLatch()
