"""Few requests of one address are with the store at once, of those that may ask it for much.

The store reads for one after the other, and a list of somebody with thousands of conversations
takes it 10 ms. So of each address AT_ONCE requests of that kind have a place there, as have
sessions that begin, for which what they have missed is counted. The others wait here, in their
order: what somebody else asks waits behind few of them, however many connections ask.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from chat_domain.fairness.origins import Origin

AT_ONCE = 2


@attrs.define(eq=False)
class _Places:
    """Of one address. requests: how many have one or wait for it."""

    free: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(AT_ONCE))
    requests: int = 0


class FewAtOnce:
    """Of as many addresses as have requests, each of which is one of a connection."""

    def __init__(self) -> None:
        self._of: dict[str, _Places] = {}

    def __len__(self) -> int:
        """Of how many addresses requests have a place, or wait for it."""
        return len(self._of)

    @asynccontextmanager
    async def place(self, origin: Origin) -> AsyncIterator[None]:
        """Wait until a request from there has a place, and keep that until it is done. Of IPv6 it
        is the widest network that is counted that has them."""
        *_, widest = origin.line()
        places = self._of.setdefault(widest.name, _Places())
        places.requests += 1
        try:
            async with places.free:
                yield
        finally:
            places.requests -= 1
            if not places.requests:
                del self._of[widest.name]
