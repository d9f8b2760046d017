"""The entries of a log in a list, indexed by their positions."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice, takewhile
from typing import Any

import attrs

from adapters.admission import FirstCopy, Key
from chat_domain.entries import DELETED, TEXT, Duplicate, Entry, EntryRef

GONE = Entry(0, DELETED, 0, "", "")  # takes the place of a forgotten entry


class Entries:
    """oldest: all entries below this position are forgotten."""

    def __init__(self) -> None:
        self.oldest = 1
        self._all: list[Entry] = []
        self._of: defaultdict[int, list[int]] = defaultdict(list)  # positions, by conversation
        self._first_copies: dict[Key, int] = {}  # positions

    def __len__(self) -> int:
        """The last position that was assigned."""
        return len(self._all)

    def __getitem__(self, at: int) -> Entry:
        return self._all[at - 1]

    def above(self, at: int) -> Iterable[Entry]:
        """The entries above a position, ascending."""
        positions = range(max(at + 1, self.oldest), len(self) + 1)
        return (entry for place in positions if (entry := self[place]) is not GONE)

    def of(self, conv: int) -> list[int]:
        """The positions of a conversation's entries, ascending. Callers must not modify them."""
        return self._of.get(conv, [])

    def find(self, key: Key) -> Entry | None:
        """The entry that a sender has written under a cid, None if there is none."""
        return self[self._first_copies[key]] if key in self._first_copies else None

    def has(self, last: EntryRef) -> bool:
        """Whether this entry is at its position, or was forgotten there."""
        if not last.at:
            return True
        if last.at > len(self):
            return False
        there = self[last.at]
        return there is GONE or there.ref == last

    def put(self, entry: Entry) -> None:
        """Append an entry, whose position must be the next."""
        self._all.append(entry)
        self._of[entry.conv].append(entry.at)
        self._first_copies[entry.sender_id, entry.cid] = entry.at

    def empty(self, sender_id: int, positions: Iterable[int]) -> None:
        """Empty the texts of this sender at these positions."""
        for at in positions:
            entry = self[at]
            if entry.sender_id == sender_id and entry.kind == TEXT:
                self._all[at - 1] = replaced(entry, kind=DELETED, text="")

    def forget_old(self, entries: Iterable[Entry], before_ms: int, limit: int) -> list[Entry]:
        """Forget the first of these that are older than `before_ms`, at most `limit`, and return
        them."""
        old = list(islice(takewhile(lambda entry: entry.time_ms < before_ms, entries), limit))
        for entry in old:
            self._all[entry.at - 1] = GONE
            self._of[entry.conv].remove(entry.at)
            del self._first_copies[entry.sender_id, entry.cid]
        return old


def as_first_copy(entry: Entry) -> FirstCopy:
    """An entry in the form with which a copy of it is compared."""
    known = Duplicate(entry.at, entry.time_ms, entry.conv)
    return FirstCopy(known, entry.kind, entry.text, entry.change, entry.answers)


def replaced(entry: Entry, **changes: Any) -> Entry:
    """A copy of an entry, with these fields replaced."""
    fields = {name: getattr(entry, name) for name in attrs.fields_dict(Entry) if name != "size"}
    return Entry(**fields | changes)
