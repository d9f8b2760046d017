"""A queue in which who fills it waits behind themselves."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

LineOf = Callable[[str], Sequence[str]]


def alone(origin: str) -> Sequence[str]:
    """The line of an origin that is in no wider network."""
    return (origin,)


class FairQueue(Generic[T]):
    """Items of several origins (network addresses, say), taken from one after the other.

    line_of: the networks around an origin, the widest first and itself last. The widest take turns;
    inside of each, those that are in it do.
    """

    def __init__(self, line_of: LineOf = alone) -> None:
        self._line_of = line_of
        self._all: _Share[T] = _Share()

    def __len__(self) -> int:
        return self._all.size

    def waiting(self, origin: str) -> int:
        """How many items there are of the widest network around an origin."""
        share = self._all.parts.get(self._line_of(origin)[0])
        return share.size if share else 0

    def put(self, origin: str, item: T) -> None:
        self._all.put(self._line_of(origin), item)

    def first(self) -> T:
        """The next item, which stays. There must be one."""
        return self._all.first()

    def take(self) -> T:
        """The next item; its origin goes to the end of the line. Raises KeyError when empty."""
        return self._all.take()

    def displace(self, origin: str) -> T | None:
        """Take back the last item of whoever has the most, so that this origin can have one more.

        None if it would then have as many as they. Of networks the widest are compared, and those
        inside of the one that has the most. Takes the longer the more origins there are.
        """
        return self._all.displace(self._line_of(origin))


class _Share(Generic[T]):
    """What a network has in the queue: its own items, or the shares of those that are in it."""

    __slots__ = ("items", "parts", "size")

    def __init__(self) -> None:
        self.size = 0
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

    def first(self) -> T:
        return self.items[0] if self.items else next(iter(self.parts.values())).first()

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

    def displace(self, line: Sequence[str]) -> T | None:
        if not line:
            return None
        name, longest = self._longest()
        own = self.parts.get(line[0])
        if own is longest:
            item = longest.displace(line[1:])
        elif (own.size if own else 0) + 1 < longest.size:
            item = longest.take_back()
        else:
            return None
        if item is not None:
            self._one_less(name, longest)
        return item

    def take_back(self) -> T:
        """The last item of the part that has the most."""
        if self.items:
            self.size -= 1
            return self.items.pop()
        name, longest = self._longest()
        item = longest.take_back()
        self._one_less(name, longest)
        return item

    def _longest(self) -> "tuple[str, _Share[T]]":
        return max(self.parts.items(), key=lambda part: part[1].size)

    def _one_less(self, name: str, part: "_Share[T]") -> None:
        self.size -= 1
        if not part.size:
            del self.parts[name]
