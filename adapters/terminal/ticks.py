"""Which of the user's messages a device of the recipient has received."""

from collections import deque
from collections.abc import Callable

import attrs

_MOST_MESSAGES = 1_000  # without a second tick; older ones get none
_MOST_PEOPLE = 1_000


@attrs.frozen
class Sent:
    """A message in the log, at position `at`. to, name: the recipient, a user."""

    at: int
    to: int
    name: str
    text: str


class Ticks:
    """got: called with the last of the messages that a recipient has now received, and how many
    before it they have received since the last call."""

    def __init__(self, got: Callable[[Sent, int], None]) -> None:
        self._got = got
        self._waiting: deque[Sent] = deque(maxlen=_MOST_MESSAGES)
        self._marks: dict[int, int] = {}

    def sent(self, message: Sent) -> bool:
        """A message is in the log. Returns whether its recipient already has it."""
        if message.at <= self._marks.get(message.to, 0):
            return True
        self._waiting.append(message)
        return False

    def marked(self, user_id: int, at: int) -> None:
        """This user has received everything written to them up to a position."""
        self._marks[user_id] = max(at, self._marks.pop(user_id, 0))
        if len(self._marks) > _MOST_PEOPLE:
            del self._marks[next(iter(self._marks))]
        there = [one for one in self._waiting if one.to == user_id and one.at <= at]
        if there:
            rest = (one for one in self._waiting if one.to != user_id or one.at > at)
            self._waiting = deque(rest, _MOST_MESSAGES)
            self._got(max(there, key=lambda one: one.at), len(there) - 1)

    def reset_positions(self) -> None:
        """Positions have a new meaning."""
        self._waiting.clear()
        self._marks.clear()
