"""Who was in a group when, as far as people can know that.

Between asking to join (or leave) and the answer, it is uncertain. An answer that never came leaves
it uncertain, and since what was asked may be done late, answers count again only after a while.
"""

import enum
from bisect import bisect_right

import attrs

from tests.delivery.history import Event

LATE = 30.0  # seconds in which a request whose answer was lost may still be carried out


class Standing(enum.Enum):
    IN = "in"
    OUT = "out"
    UNSURE = "unsure"


@attrs.define
class _Line:
    """One user in one group: from which event on they were what."""

    changes: list[tuple[int, Standing]] = attrs.field(factory=lambda: [(-1, Standing.OUT)])
    asked_at: float = 0.0
    unsure_at: float = -LATE

    def be(self, at: int, standing: Standing) -> None:
        if self.changes[-1][1] is not standing:
            self.changes.append((at, standing))

    def throughout(self, begin: int, end: int) -> set[Standing]:
        first = bisect_right(self.changes, begin, key=lambda change: change[0]) - 1
        return {standing for at, standing in self.changes[max(first, 0) :] if at <= end}


class Memberships:
    def __init__(self) -> None:
        self._lines: dict[int, dict[int, _Line]] = {}

    def take(self, at: int, event: Event) -> None:
        """Heed a `group`, `join` or `leave` event."""
        line = self._line(event["group"], event["user"])
        if event["kind"] == "group":
            line.be(at, Standing.IN)
        elif event["phase"] == "asked":
            line.asked_at = event["t"]
            line.be(at, Standing.UNSURE)
        elif event["phase"] == "unsure":
            line.unsure_at = event["t"]
        elif line.asked_at - line.unsure_at >= LATE:
            line.be(at, Standing.IN if event["kind"] == "join" else Standing.OUT)

    def _line(self, group: int, user: int) -> _Line:
        return self._lines.setdefault(group, {}).setdefault(user, _Line())

    def always_in(self, group: int, begin: int, end: int) -> set[int]:
        """Who was certainly a member all the time between two events."""
        return self._only(group, begin, end, Standing.IN)

    def never_in(self, group: int, user: int, begin: int, end: int) -> bool:
        """Whether a user was certainly no member at any time between two events."""
        line = self._lines.get(group, {}).get(user)
        return line is None or line.throughout(begin, end) == {Standing.OUT}

    def _only(self, group: int, begin: int, end: int, standing: Standing) -> set[int]:
        lines = self._lines.get(group, {})
        return {user for user, line in lines.items() if line.throughout(begin, end) == {standing}}
