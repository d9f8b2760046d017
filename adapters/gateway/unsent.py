"""What waits in the process for all clients together, sent or come, and how much that may be.

One link has its own bound; but thousands of clients that read nothing would have thousands of
times as much. So links that are stuck are counted: from half of what all may have on, each of them
is full sooner, and beyond it those are cut off that have been stuck for the longest. A link from
which all has left is not counted, and costs nothing.

What users have sent and was not handled yet is counted with it, once it is more than TIGHT_WATER:
both wait for the same sort of client, and a node has to have room for the sum.
"""

from collections import OrderedDict
from typing import Protocol

from adapters.gateway.endings import Ending
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import MIB

HIGH_WATER = 256 * 1024  # bytes waiting to be sent, beyond which the client's requests wait
TIGHT_WATER = 16 * 1024  # the same while half of what all links may have is taken


class Stuck(Protocol):
    def abort(self, why: Ending) -> None: ...


class Unsent:
    """Of all clients of a node. total: bytes, as each link had them when something was written to
    it last."""

    __slots__ = ("_guard", "_stuck", "total")

    def __init__(self, guard: Guard) -> None:
        """guard: has the bound, `unsent_mib`, and counts who is cut off for it."""
        self._guard = guard
        self._stuck: OrderedDict[Stuck, int] = OrderedDict()  # who has been so for longest is first
        self.total = 0

    def high_water(self) -> int:
        """How many bytes may wait for one link before it is full."""
        most = self._most()
        return TIGHT_WATER if most and self.total > most // 2 else HIGH_WATER

    def waits(self, link: Stuck, size: int) -> None:
        """So many bytes of this link wait now. Cuts off whom there is no room for: this one or
        others."""
        self.total += size - self._stuck.get(link, 0)
        self._stuck[link] = size
        most = self._most()
        while most and self.total > most:
            longest, held = self._stuck.popitem(last=False)
            self.total -= held
            self._guard.counters.unsent_cut += 1
            longest.abort(Ending.TOO_SLOW)

    def left(self, link: Stuck) -> None:
        """Nothing of this link waits any more."""
        self.total -= self._stuck.pop(link, 0)

    def _most(self) -> int:
        return self._guard.limits.unsent_mib * MIB
