"""Addresses take turns at asking the store for much.

The store reads for one after the other, and a list of somebody with thousands of conversations
takes it 10 ms. So of each address AT_ONCE requests of that kind are with the store, and the others
wait here, in their order: what somebody else asks waits behind few of them, however many
connections ask.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from chat_domain.fairness.origins import Origin

AT_ONCE = 2


@attrs.define(eq=False)
class _Turn:
    """requests: how many have it or wait for it."""

    places: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(AT_ONCE))
    requests: int = 0


class Turns:
    """Of as many addresses as have requests, each of which is one of a connection."""

    def __init__(self) -> None:
        self._of: dict[str, _Turn] = {}

    def __len__(self) -> int:
        """Of how many addresses requests have their turn, or wait for it."""
        return len(self._of)

    @asynccontextmanager
    async def turn(self, origin: Origin) -> AsyncIterator[None]:
        """Wait until a request from there has its turn, and until it is done keep it. Of IPv6 the
        widest network that is counted has turns."""
        *_, widest = origin.line()
        turn = self._of.setdefault(widest.name, _Turn())
        turn.requests += 1
        try:
            async with turn.places:
                yield
        finally:
            turn.requests -= 1
            if not turn.requests:
                del self._of[widest.name]
