"""The same number of permits for everybody, so that only those who ask for much have to wait."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

import attrs

from chat_domain.errors import TryAgain


@attrs.define(eq=False)
class _Own:
    """The permits of one asker. asking: how many of their calls have a permit or wait for one."""

    free: asyncio.Semaphore
    asking: int = 0


class KeyedSemaphore:
    """each: how many permits each asker has. waiting: how many more calls of theirs may wait; None
    for no limit, where the askers limit themselves. within: for how many seconds a call may wait;
    None for no limit."""

    def __init__(self, each: int, waiting: int | None = None, within: float | None = None) -> None:
        self._each = each
        self._waiting = waiting
        self._within = within
        self._of: dict[Hashable, _Own] = {}

    def __len__(self) -> int:
        """How many askers have a permit or wait for one."""
        return len(self._of)

    @asynccontextmanager
    async def acquire(self, who: Hashable) -> AsyncIterator[None]:
        """Wait for one of the asker's permits, in the order of calls, and hold it until the block
        ends. Raises TryAgain if too many of their calls wait already, or if this one has waited for
        too long."""
        own = self._of.get(who)
        if own is None:
            own = self._of[who] = _Own(asyncio.Semaphore(self._each))
        elif self._waiting is not None and own.asking >= self._each + self._waiting:
            raise TryAgain
        own.asking += 1
        try:
            await self._obtain(own.free)
            try:
                yield
            finally:
                own.free.release()
        finally:
            own.asking -= 1
            if not own.asking:
                del self._of[who]

    async def _obtain(self, free: asyncio.Semaphore) -> None:
        if self._within is None or not free.locked():
            await free.acquire()
            return
        try:
            async with asyncio.timeout(self._within):
                await free.acquire()
        except TimeoutError:
            raise TryAgain from None
