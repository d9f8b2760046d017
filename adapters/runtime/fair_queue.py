"""A queue in which an origin that fills it waits behind its own items."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

LineageOf = Callable[[str], Sequence[str]]


def alone(origin: str) -> Sequence[str]:
    """The lineage of an origin that belongs to no wider network."""
    return (origin,)


class FairQueue(Generic[T]):
    """Items of several origins (network addresses, say), taken from each in turn.

    lineage_of: the networks that an origin is in, the widest first, and the origin itself last. The
    widest networks take turns; within each, its parts do.
    """

    def __init__(self, lineage_of: LineageOf) -> None:
        self._lineage_of = lineage_of
        self._all: _Share[T] = _Share()

    def __len__(self) -> int:
        return self._all.size

    def waiting(self, origin: str) -> int:
        """How many items the widest network around an origin has."""
        share = self._all.parts.get(self._lineage_of(origin)[0])
        return share.size if share else 0

    def put(self, origin: str, item: T, weight: int = 0) -> None:
        """Add an item. weight: that of the widest network around the origin, from now on, for
        `displace`."""
        widest, *inside = self._lineage_of(origin)
        self._all.put((widest, *inside), item)
        self._all.parts[widest].weight = weight

    def take(self) -> T:
        """Remove the next item; its origin goes to the end of the line. Raises KeyError if the
        queue is empty."""
        return self._all.take()

    def take_back(self) -> T:
        """Remove the newest item of the origin that has the most. The queue must not be empty."""
        return self._all.take_back()

    def displace(self, origin: str, weight: int = 0) -> T | None:
        """Remove the newest item of the origin that has the most, to make room for one of this
        origin. Returns it, or None if this origin would then have the most itself.

        Among equals, the one with the most weight loses an item. The widest networks are compared
        first, then the parts of the one that has the most. Takes time in proportion to the number
        of origins.
        """
        return self._all.displace(self._lineage_of(origin), weight)

    def displace_inside(self, origin: str) -> T | None:
        """As `displace`, but only among items of the widest network around this origin."""
        widest, *inside = self._lineage_of(origin)
        return self._all.displace_in(widest, inside)


class _Share(Generic[T]):
    """What a network has in the queue: its own items, or the shares of its parts."""

    __slots__ = ("items", "parts", "size", "weight")

    def __init__(self) -> None:
        self.size = self.weight = 0
        self.items: deque[T] = deque()
        self.parts: OrderedDict[str, _Share[T]] = OrderedDict()

    def put(self, line: Sequence[str], item: T) -> None:
        self.size += 1
        if not line:
            self.items.append(item)
            return
        part = self.parts.get(line[0])
        if part is None:
            part = self.parts[line[0]] = _Share()
        part.put(line[1:], item)

    def take(self) -> T:
        if self.items:
            item = self.items.popleft()
        else:
            name, part = self.parts.popitem(last=False)
            item = part.take()
            if part.size:
                self.parts[name] = part
        self.size -= 1
        return item

    def displace(self, line: Sequence[str], weight: int = 0) -> T | None:
        if not self.parts:
            return None
        name, longest = self._longest()
        if name == line[0]:
            return self.displace_in(name, line[1:])
        own = self.parts.get(line[0])
        if ((own.size if own else 0) + 1, weight) >= (longest.size, longest.weight):
            return None
        return self._take_back_from(name)

    def displace_in(self, name: str, line: Sequence[str]) -> T | None:
        """Displace an item of the part `name`, to make room for somebody in it."""
        item = self.parts[name].displace(line)
        if item is not None:
            self._one_less(name)
        return item

    def take_back(self) -> T:
        """Remove the newest item, of the part that has the most."""
        if self.items:
            self.size -= 1
            return self.items.pop()
        return self._take_back_from(self._longest()[0])

    def _take_back_from(self, name: str) -> T:
        item = self.parts[name].take_back()
        self._one_less(name)
        return item

    def _longest(self) -> "tuple[str, _Share[T]]":
        return max(self.parts.items(), key=lambda part: (part[1].size, part[1].weight))

    def _one_less(self, name: str) -> None:
        self.size -= 1
        if not self.parts[name].size:
            del self.parts[name]
