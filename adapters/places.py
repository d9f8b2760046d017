"""Places that everybody has the same number of, so that who asks for much waits for themselves."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

import attrs

from chat_domain.errors import TryAgain


@attrs.define(eq=False)
class _Own:
    """The places of one who asks. asking: how often they have one or wait for one."""

    free: asyncio.Semaphore
    asking: int = 0


class Places:
    """each: how many everybody has. waiting: how often somebody may wait for one besides; None for
    whoever sees to that themselves."""

    def __init__(self, each: int, waiting: int | None = None) -> None:
        self._each = each
        self._waiting = waiting
        self._of: dict[Hashable, _Own] = {}

    def __len__(self) -> int:
        """How many have a place, or wait for one."""
        return len(self._of)

    @asynccontextmanager
    async def place(self, who: Hashable) -> AsyncIterator[None]:
        """Wait, in the order of asking, until one of theirs is free, and keep it until all is done.
        Raises TryAgain where they wait too often."""
        own = self._of.get(who)
        if own is None:
            own = self._of[who] = _Own(asyncio.Semaphore(self._each))
        elif self._waiting is not None and own.asking >= self._each + self._waiting:
            raise TryAgain
        own.asking += 1
        try:
            async with own.free:
                yield
        finally:
            own.asking -= 1
            if not own.asking:
                del self._of[who]
