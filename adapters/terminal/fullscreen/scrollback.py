"""The loaded part of a conversation, which may be of any length."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from adapters.terminal.fullscreen.items import UNSENT, Item, Key

MOST = 2_000  # items of a conversation that was shown, and of another
FEW = 100


class Scrollback:
    """Items in order, without gaps: what is not loaded lies before all of them, or after.

    most: the most items. older, newer: whether there may be more before, or after. head: the
    highest position ever heard of.
    """

    def __init__(self, most: int = FEW) -> None:
        self.older = True
        self.newer = False
        self.most = most
        self.head = 0
        self._items: list[Item] = []

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Item:
        return self._items[index]

    @property
    def items(self) -> Sequence[Item]:
        return self._items

    @property
    def first(self) -> int | None:
        """The lowest position that is loaded."""
        return next((item.key[0] for item in self._items if _logged(item)), None)

    @property
    def last(self) -> int | None:
        return next((item.key[0] for item in reversed(self._items) if _logged(item)), None)

    def index(self, key: Key) -> int:
        """The index of the item with this key, or of the one before if it is gone; at least 0."""
        return max(bisect_right(self._items, key, key=_key) - 1, 0)

    def add(self, item: Item) -> bool:
        """Add an item that has just come, or was just said. False if it belongs to a part that is
        not loaded, or is there already."""
        at = item.key[0]
        if _logged(item):
            self.head = max(self.head, at)
            if self.newer or (self.older and self.first is not None and at < self.first):
                return False
        if not self._insert(item):
            return False
        self._drop_front()
        return True

    def prepend(self, page: Sequence[Item], *, more: bool) -> None:
        """Add a page that ends before `first`; or the newest page, if nothing is loaded or what is
        loaded reaches the end. more: whether there are entries before it."""
        first = self.first
        for item in page:
            self.head = max(self.head, item.key[0])
            self._insert(item)
        if not page or first is None or page[0].key[0] <= first:
            self.older = more
        while len(self._items) > self.most:
            self._items.pop()
            self.newer = True

    def append(self, page: Sequence[Item], *, more: bool) -> None:
        """Add a page that begins after `last`. more: whether there are entries after it."""
        for item in page:
            self.head = max(self.head, item.key[0])
            self._insert(item)
        self.newer = more or (self.last or 0) < self.head
        self._drop_front()

    def remove(self, key: Key) -> None:
        index = bisect_left(self._items, key, key=_key)
        if index < len(self._items) and self._items[index].key == key:
            del self._items[index]

    def clear(self) -> None:
        """Drop all items that can be fetched again: all but texts that are not in the log yet."""
        self._items = [item for item in self._items if item.key[0] == UNSENT]
        self.older, self.newer = True, False

    def reset_positions(self) -> None:
        """Positions have a new meaning."""
        self.clear()
        self.head = 0

    def _insert(self, item: Item) -> bool:
        index = bisect_left(self._items, item.key, key=_key)
        if index < len(self._items) and self._items[index].key == item.key:
            return False
        self._items.insert(index, item)
        return True

    def _drop_front(self) -> None:
        surplus = len(self._items) - self.most
        if surplus > 0:
            del self._items[:surplus]
            self.older = True


def _key(item: Item) -> Key:
    return item.key


def _logged(item: Item) -> bool:
    """Whether an item is an entry of the log."""
    return item.key[1] == 0
