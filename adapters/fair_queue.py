"""A queue in which who fills it waits behind themselves."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items of several origins (network addresses, say), taken from one origin after the other."""

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[T]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def waiting(self, origin: str) -> int:
        """How many items of this origin there are."""
        return len(self._queues.get(origin, ()))

    def put(self, origin: str, item: T) -> None:
        self._queues.setdefault(origin, deque()).append(item)
        self._size += 1

    def first(self) -> T:
        """The next item, which stays. There must be one."""
        return next(iter(self._queues.values()))[0]

    def take(self) -> T:
        """The next item; its origin goes to the end of the line. Raises KeyError when empty."""
        origin, queue = self._queues.popitem(last=False)
        item = queue.popleft()
        if queue:
            self._queues[origin] = queue
        self._size -= 1
        return item

    def longest(self) -> str:
        """The origin with the most items. Takes the longer the more origins there are."""
        return max(self._queues, key=lambda origin: len(self._queues[origin]))

    def take_back(self, origin: str) -> T:
        """The last item of an origin, which must have one."""
        queue = self._queues[origin]
        item = queue.pop()
        if not queue:
            del self._queues[origin]
        self._size -= 1
        return item
