"""A client that asks for files, as the limits count it."""

from adapters.gateway.shared import Shared
from adapters.gateway.stranger_memory import StrangerMemory
from chat_domain.fairness.limits import STRANGERS_UNREAD
from chat_domain.fairness.meter import STORE_WEIGHT

LONGEST_HEAD = STRANGERS_UNREAD  # bytes of a request


class Visit:
    """A stranger's connection: it counts for its address, each request as a costly frame
    (STORE_WEIGHT), and each read that completes none as a frame."""

    def __init__(self, shared: Shared, peer: str) -> None:
        """Raises TooManyConnections."""
        self._guard = shared.guard
        self._clock = shared.chat.clock
        self._begun = self._clock.monotonic()
        self._origin = self._guard.origins.enter(peer, self._begun)
        self._meter = self._guard.meter(self._origin)
        self._memory = StrangerMemory(self._guard, self._origin)

    def exceeds_memory(self, size: int) -> bool:
        """`size` bytes of its data wait now; return whether that is too much."""
        return self._memory.update(size) is not None

    def exceeds_rate(self, size: int) -> bool:
        """Charge it for a request of `size` bytes; return whether it has to wait with that."""
        meter = self._meter
        meter.frames += STORE_WEIGHT
        meter.bytes += size
        return meter.charge(self._clock.monotonic()) > 0

    def exceeds_rate_within_head(self) -> bool:
        """Charge it for a read that completes no request; return whether it has sent too many."""
        meter = self._meter
        meter.frames += 1
        return meter.is_due() and meter.charge(self._clock.monotonic()) > 0

    def has_outstayed(self) -> bool:
        """Whether it has been here for as long as strangers may."""
        return self._guard.origins.outstayed(self._origin, self._clock.monotonic() - self._begun)

    def leave(self, *, upgraded: bool = False) -> None:
        """Stop counting it. upgraded: a WebSocket takes its place, and is counted instead."""
        self._memory.update(0)
        self._guard.origins.leave(self._origin, stranger=True)
        if upgraded:
            self._origin.refund_arrival()
