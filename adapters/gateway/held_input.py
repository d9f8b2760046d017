"""How much of what a client has sent waits to be handled, and when that is too much."""

from collections.abc import Callable, Collection

from adapters.gateway.client_context import ClientContext
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.stranger_memory import StrangerMemory
from adapters.gateway.unsent import TIGHT_WATER
from adapters.wire.errors import TooFast
from chat_domain.errors import ChatError

WEIGHT_OF_FRAME = 56  # bytes of memory that a frame takes besides its content


class HeldInput:
    """Counts what waits of one client."""

    __slots__ = ("_backlog", "_context", "_cut_off", "_memory")

    def __init__(
        self,
        context: ClientContext,
        backlog: Collection[bytes],
        cut_off: Callable[[ChatError], None],
    ) -> None:
        """backlog: the frames that wait, besides what is in the link's `incoming`. cut_off: called
        with the reason if too much waits."""
        self._context = context
        self._backlog = backlog
        self._cut_off = cut_off
        self._memory = StrangerMemory(context.guard, context.origin)

    def count(self) -> None:
        """Count it anew, and cut off a stranger for whom it is too much."""
        incoming = self._context.link.incoming
        if self._context.session is not None:
            self._memory.update(0)
            self._count_users(incoming.held() + WEIGHT_OF_FRAME * len(self._backlog))
            return
        self._context.shared.unsent.remove(self)
        too_much = self._memory.update(incoming.held() + sum(map(len, self._backlog)))
        if too_much is not None:
            self._context.guard.counters.strangers_cut += 1
            self._cut_off(too_much)

    def _count_users(self, waits: int) -> None:
        """Count what waits of a user's, if it is much, for all users together. Frames count by
        their number alone: there may be thousands, but they were cut from one small piece."""
        if waits <= TIGHT_WATER:
            self._context.shared.unsent.remove(self)
        elif not self._context.disconnected:
            self._context.shared.unsent.update(self, waits)

    def forget(self) -> None:
        """Nothing waits any more."""
        self._memory.update(0)
        self._context.shared.unsent.remove(self)

    def abort(self, reason: DisconnectReason) -> None:  # noqa: ARG002  # it has not been slow to read
        """There is no room for what waits here."""
        self._cut_off(TooFast())
