"""Bounds how many requests of one address the store has at once.

The store serves one read after another, and a list of the conversations of a user with thousands
takes it 10 ms. So an address may have LISTS_AT_ONCE requests with the store that may ask for much,
REQUESTS_AT_ONCE others, and BEGINNINGS_AT_ONCE beginning sessions. The others wait here, in order:
another client's request waits behind few of them, however many connections ask. If the store hangs,
requests are refused after WAITS_WITHIN, also those whose connections have ended meanwhile.
"""

from contextlib import AbstractAsyncContextManager

from adapters.runtime.keyed_semaphore import KeyedSemaphore
from chat_domain.fairness.origins import Origin

LISTS_AT_ONCE = 2
REQUESTS_AT_ONCE = 50  # each takes the store 0.4 ms at most
WAITS_WITHIN = 5.0  # seconds; clients send a message again after 10
BEGINNINGS_AT_ONCE = 50  # a whole office reconnects together, and most have missed little


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
