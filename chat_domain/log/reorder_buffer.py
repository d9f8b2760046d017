"""Entries that arrive early: they wait for those that are missing before them."""

from collections.abc import Sequence
from typing import NamedTuple

from chat_domain.entries import FOREVER, Entry
from chat_domain.log.authorizing import Writer

MOST_NOTES = 1_000
MOST_BYTES = 16 * 1024 * 1024  # of their entries

Written = tuple[Entry, Writer | None]  # None: no writer on this node


class Run(NamedTuple):
    """Entries without a gap between them, from the position `first` to `upto`."""

    first: int
    upto: int
    written: Sequence[Written]

    @property
    def size(self) -> int:
        return sum(entry.size for entry, _ in self.written)


class ReorderBuffer:
    """Runs by their first positions, as many as fit the bounds: the others are read from the log
    later."""

    def __init__(self) -> None:
        self.runs: dict[int, Run] = {}
        self._bytes = 0

    def clear(self) -> None:
        self.runs.clear()
        self._bytes = 0

    def add(self, run: Run) -> None:
        room = len(self.runs) < MOST_NOTES and self._bytes + run.size <= MOST_BYTES
        if room and run.first not in self.runs:
            self.runs[run.first] = run
            self._bytes += run.size

    def first_own(self) -> int:
        """The first position that this node has committed, FOREVER if there is none. What is here
        has its writers, who are not shown what they wrote; what is read from the log has not."""
        own = [run.first for run in self.runs.values() if run.written[0][1] is not None]
        return min(own, default=FOREVER)

    def pop(self, received: int) -> Run | None:
        """Remove and return the first run, unless something is missing before it."""
        first = min(self.runs)
        if first > received + 1:
            return None
        run = self.runs.pop(first)
        self._bytes -= run.size
        return run
