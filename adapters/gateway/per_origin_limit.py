"""Bounds how many requests of one address the store has at once.

The store serves one read after another, and a list of the conversations of a user with thousands
takes it 10 ms. So an address may have LISTS_AT_ONCE requests with the store that may ask for much,
REQUESTS_AT_ONCE others, and BEGINNINGS_AT_ONCE beginning sessions. The others wait here, in order:
another client's request waits behind few of them, however many connections ask. If the store hangs,
requests are refused after WAITS_WITHIN, also those whose connections have ended meanwhile.

RESUME, by which all clients of a node that died come back at once, has a limit for all addresses
together as well. It asks the store several times, one after the other. If all of them were carried
out at the same time, each would take as long as all of them: longer than clients wait, who would
try again, for ever.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from adapters.runtime.keyed_semaphore import KeyedSemaphore
from chat_domain.errors import TryAgain
from chat_domain.fairness.origins import Origin

LISTS_AT_ONCE = 2
REQUESTS_AT_ONCE = 50  # each takes the store 0.4 ms at most
WAITS_WITHIN = 5.0  # seconds; clients send a message again after 10
BEGINNINGS_AT_ONCE = 50  # a whole office reconnects together, and most have missed little
RESUMES_AT_ONCE = 500  # of all addresses; 0.7 s of a core with MySQL
RESUMES_WAIT = 8.0  # seconds; clients wait for 10


class PerOriginLimit:
    """Remembers an address while it has requests here. A connection has one at a time."""

    def __init__(self, at_once: int, within: float | None = None) -> None:
        """within: for how many seconds a request may wait; None for no limit."""
        self._semaphore = KeyedSemaphore(at_once, within=within)

    def __len__(self) -> int:
        """How many addresses have requests that have a permit or wait for one."""
        return len(self._semaphore)

    def acquire(self, origin: Origin) -> AbstractAsyncContextManager[None]:
        """Wait until a request of this origin has a permit, and keep that until it is done. Raises
        TryAgain if it has waited for too long. For IPv6, permits belong to the widest counted
        network."""
        *_, widest = origin.lineage()
        return self._semaphore.acquire(widest.name)


class ResumeLimit:
    """How many RESUMEs are carried out at once: BEGINNINGS_AT_ONCE of an address, and
    RESUMES_AT_ONCE of all. Others wait in order; those who come first are done first."""

    def __init__(self) -> None:
        self._of_origin = PerOriginLimit(BEGINNINGS_AT_ONCE)
        self._of_all = KeyedSemaphore(RESUMES_AT_ONCE)

    @asynccontextmanager
    async def acquire(self, origin: Origin) -> AsyncIterator[None]:
        """See `PerOriginLimit.acquire`. RESUMES_WAIT is for both limits together."""
        async with AsyncExitStack() as permits:
            try:
                async with asyncio.timeout(RESUMES_WAIT):
                    await permits.enter_async_context(self._of_origin.acquire(origin))
                    await permits.enter_async_context(self._of_all.acquire(None))
            except TimeoutError:
                raise TryAgain from None
            yield
