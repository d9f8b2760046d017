"""Bounds how many requests of one address, of those that may ask for much, the store has at once.

The store serves one read after another, and a list of the conversations of a user with thousands
takes it 10 ms. So an address may have LISTS_AT_ONCE such requests with the store, and
BEGINNINGS_AT_ONCE beginning sessions, each of which asks for little. The others wait here, in
order: another client's request waits behind few of them, however many connections ask.
"""

from contextlib import AbstractAsyncContextManager

from adapters.keyed_semaphore import KeyedSemaphore
from chat_domain.fairness.origins import Origin

LISTS_AT_ONCE = 2
BEGINNINGS_AT_ONCE = 50  # a whole office reconnects together, and most have missed little


class PerOriginLimit:
    """Remembers an address while it has requests here. A connection has one at a time."""

    def __init__(self, at_once: int) -> None:
        self._semaphore = KeyedSemaphore(at_once)

    def __len__(self) -> int:
        """How many addresses have requests that have a permit or wait for one."""
        return len(self._semaphore)

    def acquire(self, origin: Origin) -> AbstractAsyncContextManager[None]:
        """Wait until a request of this origin has a permit, and keep that until it is done. For
        IPv6, permits belong to the widest counted network."""
        *_, widest = origin.lineage()
        return self._semaphore.acquire(widest.name)
