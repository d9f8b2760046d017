"""A bounded table of recent values, which nobody can empty by filling it."""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by their keys: those that were kept last, at most `capacity` of each of two kinds.

    However many of the cheap kind come, they push out none that is `weighty`.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._cheap: OrderedDict[K, V] = OrderedDict()
        self._weighty: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._cheap) + len(self._weighty)

    def __iter__(self) -> Iterator[V]:
        return chain(self._cheap.values(), self._weighty.values())

    def get(self, key: K) -> V | None:
        return self._cheap.get(key, self._weighty.get(key))

    def keep(self, key: K, value: V, *, weighty: bool = False) -> None:
        self.forget(key)
        kind = self._weighty if weighty else self._cheap
        kind[key] = value
        if len(kind) > self._capacity:
            kind.popitem(last=False)

    def forget(self, key: K) -> None:
        self._cheap.pop(key, None)
        self._weighty.pop(key, None)
