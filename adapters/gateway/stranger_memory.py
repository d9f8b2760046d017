"""What is held in memory for a client that is not logged in, and when that is too much."""

from typing import Protocol

from chat_domain.errors import ChatError, TooFast, TooManyConnections
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import STRANGERS_UNREAD
from chat_domain.fairness.origins import Origin


class Stranger(Protocol):
    """A client that has sent something, such as a `ClientContext`."""

    @property
    def guard(self) -> Guard: ...

    @property
    def origin(self) -> Origin: ...


class StrangerMemory:
    """Bytes that have arrived from a stranger and wait to be handled.

    Each stranger may have STRANGERS_UNREAD of them, and all together as many as the guard's
    `StrangersBudget` allows. What waits for users is bounded by what one read brings.
    """

    __slots__ = ("_reserved", "_stranger")

    def __init__(self, stranger: Stranger) -> None:
        self._stranger = stranger
        self._reserved = 0  # bytes taken from the budget

    def update(self, size: int) -> ChatError | None:
        """This many bytes wait now: of a stranger's; 0 for a user. Return why the client has to go,
        None if it may stay."""
        if size > STRANGERS_UNREAD:
            return TooFast()
        budget, origin = self._stranger.guard.strangers_budget, self._stranger.origin
        more = size - self._reserved
        if more < 0:
            budget.release(origin, -more)
        elif more and not budget.reserve(origin, more):
            return TooManyConnections()
        self._reserved = size
        return None
