"""The last entries that a node has applied, so that a session slightly behind needs no database."""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from operator import attrgetter

from chat_domain.entries import DELETED, FOREVER, TEXT, Entry

MOST_ENTRIES = 8192
MOST_BYTES = 32 * 1024 * 1024

_position = attrgetter("at")


class Ring:
    """append: adds an entry above all others; a call of `trim` is to follow. hits, misses: how
    often `above` could, or could not, return all entries. erased: the users whose texts were
    emptied, for good, since it began."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self.append = self._entries.append  # no wrapper: it is called for every entry
        self._bytes = 0
        self._floor = 0  # everything above this position is in it
        self.hits = self.misses = 0
        self.erased: set[int] = set()

    def begin(self, at: int) -> None:
        """Forget everything; the entries added next are above this position."""
        self._entries.clear()
        self.erased.clear()
        self._bytes, self._floor = 0, at

    def trim(self, size: int) -> None:
        """Drop the oldest entries beyond the bounds. size: bytes that were appended."""
        entries = self._entries
        self._bytes += size
        while len(entries) > MOST_ENTRIES or self._bytes > MOST_BYTES:
            first = entries.popleft()
            self._bytes -= first.size
            self._floor = first.at

    def above(self, at: int, upto: int = FOREVER) -> Sequence[Entry] | None:
        """All entries above `at` and up to `upto`, ascending; None if some of them were dropped."""
        if at < self._floor:
            self.misses += 1
            return None
        self.hits += 1
        entries = self._entries
        begin = bisect_right(entries, at, key=_position)
        end = bisect_right(entries, upto, key=_position)
        # From the end, near which they are: from the front, it would traverse all others.
        newest_first = list(islice(reversed(entries), len(entries) - end, len(entries) - begin))
        newest_first.reverse()
        return newest_first

    def erase(self, sender_id: int) -> None:
        """Empty all texts of this sender, whose account goes."""
        self.erased.add(sender_id)
        for entry in self._entries:
            if entry.sender_id == sender_id and entry.kind == TEXT:
                entry.kind, entry.text = DELETED, ""

    def forget(self, is_old: Callable[[Entry], bool]) -> None:
        """Drop entries that were deleted from the log. The log may keep an entry to which a clock
        that lagged has given an old time, behind younger ones: so everything up to the last old
        entry is dropped, and is to be read from the log."""
        entries = self._entries
        for entry in reversed(entries):
            if is_old(entry):
                self._floor = entry.at
                break
        while entries and entries[0].at <= self._floor:
            self._bytes -= entries.popleft().size
