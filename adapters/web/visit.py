"""A client that asks for files, as the limits count it."""

from adapters.gateway.shared import Shared
from adapters.gateway.stranger_memory import StrangerMemory
from chat_domain.fairness.limits import STRANGERS_UNREAD
from chat_domain.fairness.meter import DEAR

LONGEST_HEAD = STRANGERS_UNREAD  # bytes of a request


class Visit:
    """A stranger's connection: it counts for its address, and each request at the rate of costly
    frames (DEAR)."""

    def __init__(self, shared: Shared, peer: str) -> None:
        """Raises TooManyConnections."""
        self.guard = shared.guard
        self._clock = shared.chat.clock
        self._begun = self._clock.monotonic()
        self.origin = self.guard.origins.enter(peer, self._begun)
        self._meter = self.guard.meter(self.origin)
        self._memory = StrangerMemory(self)

    def holds(self, size: int) -> bool:
        """`size` bytes of its data wait now; return whether that is too much."""
        return self._memory.now(size) is not None

    def asks_too_much(self, size: int) -> bool:
        """It makes a request of `size` bytes; return whether it must not, for now."""
        meter = self._meter
        meter.frames += DEAR
        meter.bytes += size
        return meter.charge(self._clock.monotonic()) > 0

    def has_outstayed(self) -> bool:
        """Whether it has been here for as long as strangers may."""
        return self.guard.origins.outstayed(self.origin, self._clock.monotonic() - self._begun)

    def leave(self, *, goes_on: bool = False) -> None:
        """Stop counting it. goes_on: a WebSocket takes its place, and is counted instead."""
        self._memory.now(0)
        self.guard.origins.leave(self.origin, stranger=True)
        if goes_on:
            self.origin.arrive_once_more()
