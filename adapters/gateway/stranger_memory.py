"""What is held in memory for a client that is not logged in, and when that is too much."""

from adapters.wire.errors import TooFast
from chat_domain.errors import ChatError, TooManyConnections
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import STRANGERS_UNREAD
from chat_domain.fairness.origins import Origin


class StrangerMemory:
    """Bytes that have arrived from a stranger and wait to be handled.

    Each stranger may have STRANGERS_UNREAD of them, and all together as many as the guard's
    `StrangersBudget` allows. What waits for users is bounded by what one read brings.
    """

    __slots__ = ("_guard", "_origin", "_reserved")

    def __init__(self, guard: Guard, origin: Origin) -> None:
        self._guard = guard
        self._origin = origin
        self._reserved = 0  # bytes taken from the budget

    def update(self, size: int) -> ChatError | None:
        """size: how many bytes of a stranger's wait now; 0 for a user. Return why the client has to
        go, None if it may stay."""
        if size > STRANGERS_UNREAD:
            return TooFast()
        budget, origin = self._guard.strangers_budget, self._origin
        more = size - self._reserved
        if more < 0:
            budget.release(origin, -more)
        elif more and not budget.reserve(origin, more):
            return TooManyConnections()
        self._reserved = size
        return None
