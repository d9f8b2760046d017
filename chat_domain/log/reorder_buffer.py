"""Parts of the log that arrive early: they wait for what is missing before them."""

from collections.abc import Sequence
from typing import NamedTuple

from chat_domain.entries import FOREVER, Entry
from chat_domain.log.authorizing import Writer

MOST_NOTES = 1_000
MOST_BYTES = 16 * 1024 * 1024  # of their entries

Written = tuple[Entry, Writer | None]  # None: no writer on this node


class Part(NamedTuple):
    """A part of the log without a gap, from the position `first` to `upto`."""

    first: int
    upto: int
    written: Sequence[Written]

    @property
    def size(self) -> int:
        return sum(entry.size for entry, _ in self.written)


class ReorderBuffer:
    """Parts of the log by their first positions, as many as fit the bounds: the others are read
    from the log later."""

    def __init__(self) -> None:
        self.parts: dict[int, Part] = {}
        self._bytes = 0

    def clear(self) -> None:
        self.parts.clear()
        self._bytes = 0

    def add(self, part: Part) -> None:
        room = len(self.parts) < MOST_NOTES and self._bytes + part.size <= MOST_BYTES
        if room and part.first not in self.parts:
            self.parts[part.first] = part
            self._bytes += part.size

    def first_own(self) -> int:
        """The first position that this node has committed, FOREVER if there is none. What is here
        has its writers, who are not shown what they wrote; what is read from the log has not."""
        own = [part.first for part in self.parts.values() if part.written[0][1] is not None]
        return min(own, default=FOREVER)

    def pop(self, known: int) -> Part | None:
        """Remove and return the first part, unless something is missing between `known` and it."""
        first = min(self.parts)
        if first > known + 1:
            return None
        part = self.parts.pop(first)
        self._bytes -= part.size
        return part
