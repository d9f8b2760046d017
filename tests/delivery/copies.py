"""When the server has last heard of a message, as far as somebody on the way can know that.

A copy that was answered was heard before its answer. Another may be handled until its connection is
gone; behind that it can be held up where a node waits for the store, and for as long as it hangs.
"""

import math
from bisect import bisect_right

import attrs

from tests.delivery.history import Event

HELD_UP = 10.0  # seconds in which a node that does not hang handles or drops what has reached it


@attrs.define
class _Copy:
    wire: int
    said_at: int | None = None


@attrs.define
class Copies:
    _by_key: dict[str, list[_Copy]] = attrs.field(factory=dict)
    _by_seq: dict[tuple[int, int], _Copy] = attrs.field(factory=dict)  # with its wire
    _cut: dict[int, float] = attrs.field(factory=dict)  # when, by wire
    _hanging: dict[str, float] = attrs.field(factory=dict)  # since when, by node
    _hangs: list[tuple[float, float]] = attrs.field(factory=list)
    _times: list[float] = attrs.field(factory=list)  # of all events

    def take(self, at: int, event: Event) -> None:
        """Heed an event, of whatever kind."""
        self._times.append(event["t"])
        match event["kind"]:
            case "copy":
                copy = _Copy(event.get("wire", 0))
                self._by_key.setdefault(event["key"], []).append(copy)
                self._by_seq[copy.wire, event.get("seq", 0)] = copy
            case "said":
                self._by_seq[event["wire"], event["seq"]].said_at = at
            case "cut":
                self._cut[event["wire"]] = event["t"]
            case "fault" if event["what"].startswith("node hung"):
                self._hang(event["target"], event["phase"], event["t"])

    def _hang(self, node: str, phase: str, t: float) -> None:
        if phase == "begin":
            self._hanging[node] = t
        else:
            self._hangs.append((self._hanging.pop(node), t))

    def count(self, key: str) -> int:
        return len(self._by_key.get(key, ()))

    def last_heard(self, key: str) -> int:
        """The number of the last event by which a copy may have been accepted."""
        return max((self._heard(copy) for copy in self._by_key.get(key, ())), default=0)

    def _heard(self, copy: _Copy) -> int:
        if copy.said_at is not None:
            return copy.said_at
        latest = self._cut.get(copy.wire, math.inf) + HELD_UP
        for begin, end in sorted(self._hangs):
            if begin <= latest:
                latest = max(latest, end + HELD_UP)
        return bisect_right(self._times, latest) - 1
