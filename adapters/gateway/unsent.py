"""What waits in the process for all clients together, sent or received, and how much that may be.

Each link has its own bound, but thousands of clients that do not read would have thousands of times
as much. So links that are stuck are counted: once half of the total bound is used, each link is
full sooner, and beyond the bound those that have been stuck for longest are cut off. A link with
nothing left to send is not counted, and costs nothing.

Unhandled input of a user is included once it is more than TIGHT_WATER: both grow for a client that
does not read, and a node needs room for the sum.
"""

from collections import OrderedDict
from typing import Protocol

from adapters.gateway.disconnect_reasons import DisconnectReason
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import MIB

HIGH_WATER = 256 * 1024  # bytes waiting to be sent, beyond which the client's requests wait
TIGHT_WATER = 16 * 1024  # the same while more than half of the total bound is used


class Stuck(Protocol):
    def abort(self, reason: DisconnectReason) -> None: ...


class Unsent:
    """Counts for all clients of a node. total: bytes, as of the last write to each link."""

    __slots__ = ("_guard", "_stuck", "total")

    def __init__(self, guard: Guard) -> None:
        """guard: has the bound, `unsent_mib`, and counts the clients that it cuts off."""
        self._guard = guard
        self._stuck: OrderedDict[Stuck, int] = OrderedDict()  # bytes; the longest stuck is first
        self.total = 0

    def high_water(self) -> int:
        """How many bytes may wait for one link before it is full."""
        limit = self._limit()
        return TIGHT_WATER if limit and self.total > limit // 2 else HIGH_WATER

    def update(self, link: Stuck, size: int) -> None:
        """This many bytes of this link wait now. Cuts off links for which there is no room: this
        one or others."""
        self.total += size - self._stuck.get(link, 0)
        self._stuck[link] = size
        limit = self._limit()
        while limit and self.total > limit:
            longest, held = self._stuck.popitem(last=False)
            self.total -= held
            self._guard.counters.unsent_cut += 1
            longest.abort(DisconnectReason.TOO_SLOW)

    def remove(self, link: Stuck) -> None:
        """Nothing of this link waits any more."""
        self.total -= self._stuck.pop(link, 0)

    def _limit(self) -> int:
        return self._guard.limits.unsent_mib * MIB
