"""The part of a conversation that is here, of one that may be of any length."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from adapters.terminal.fullscreen.items import UNSENT, Item, Key

MOST = 2_000  # items of a conversation that is looked at, and of another
FEW = 100


class Stretch:
    """Items in their order, without gaps; what is not here lies before them or behind them.

    most: items that there may be. older, newer: whether there may be more before, or behind. head:
    the highest position that was ever heard of.
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
        """The lowest position that is here."""
        return next((item.key[0] for item in self._items if _logged(item)), None)

    @property
    def last(self) -> int | None:
        return next((item.key[0] for item in reversed(self._items) if _logged(item)), None)

    def index(self, key: Key) -> int:
        """Of the item with that key, or of the one before it if that is gone; at least 0."""
        return max(bisect_right(self._items, key, key=_key) - 1, 0)

    def add(self, item: Item) -> bool:
        """Put in what has come or was said just now. False if it belongs to a part that is not
        here, or is here already."""
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
        """A page that ends before `first`; or the newest one, if there was nothing here, or if
        what is here goes on to the end."""
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
        """A page that begins behind `last`."""
        for item in page:
            self.head = max(self.head, item.key[0])
            self._insert(item)
        self.newer = more or (self.last or 0) < self.head
        self._drop_front()

    def remove(self, key: Key) -> None:
        index = bisect_left(self._items, key, key=_key)
        if index < len(self._items) and self._items[index].key == key:
            del self._items[index]

    def replace(self, item: Item) -> None:
        """By its key; something that is not here stays away."""
        index = bisect_left(self._items, item.key, key=_key)
        if index < len(self._items) and self._items[index].key == item.key:
            self._items[index] = item

    def clear(self) -> None:
        """Let everything go but what is not sent yet. It can be fetched again."""
        self._items = [item for item in self._items if item.key[0] == UNSENT]
        self.older, self.newer = True, False

    def begin_anew(self) -> None:
        """Positions mean something else from now on."""
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
    """Whether it is an entry of the log."""
    return item.key[1] == 0
