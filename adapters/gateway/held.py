"""What is held in memory for a client that has not logged in, and when that is too much."""

from adapters.gateway.endings import Ending
from adapters.gateway.talk import Talk
from chat_domain.fairness.limits import STRANGERS_UNREAD


class Held:
    """Bytes that have come from a stranger and wait to be handled.

    Each may have STRANGERS_UNREAD of them, and all strangers together what the guard's
    `StrangersBudget` allows. What waits for users is bounded by what one read brings.
    """

    __slots__ = ("_counted", "_talk")

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._counted = 0  # bytes taken from the budget

    def now(self, size: int) -> Ending | None:
        """So many bytes of a stranger's wait now, none of a user's. Return why the client has to
        go, if it has to."""
        if size > STRANGERS_UNREAD:
            return Ending.TOO_FAST
        budget, origin = self._talk.guard.strangers_budget, self._talk.origin
        more = size - self._counted
        if more < 0:
            budget.give_back(origin, -more)
        elif more and not budget.take(origin, more):
            return Ending.TOO_MANY_CONNECTIONS
        self._counted = size
        return None
