"""Few requests of one address are with the store at once, of those that may ask it for much.

The store reads for one after the other, and a list of somebody with thousands of conversations
takes it 10 ms. So of each address LISTS_AT_ONCE requests of that kind have a place there, and
BEGINNINGS_AT_ONCE sessions that begin, of which each asks for a little. The others wait here, in
their order: what somebody else asks waits behind few of them, however many connections ask.
"""

from contextlib import AbstractAsyncContextManager

from adapters.places import Places
from chat_domain.fairness.origins import Origin

LISTS_AT_ONCE = 2
BEGINNINGS_AT_ONCE = 50  # a whole office comes back together, and most have missed little


class FewAtOnce:
    """Remembers an address as long as it has requests here. A connection has one at a time."""

    def __init__(self, at_once: int) -> None:
        self._places = Places(at_once)

    def __len__(self) -> int:
        """Of how many addresses requests have a place, or wait for it."""
        return len(self._places)

    def place(self, origin: Origin) -> AbstractAsyncContextManager[None]:
        """Wait until a request from there has a place, and keep that until it is done. Of IPv6 it
        is the widest network that is counted that has them."""
        *_, widest = origin.line()
        return self._places.place(widest.name)
