"""Marks that have grown, and that others are still to be told."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

import attrs

from chat_domain.ports.runtime import Tasks

K = TypeVar("K")


@attrs.define(eq=False)
class Untold(Generic[K]):
    """marks: by whose they are, then by what they are of; others may add some. weigh: what telling
    one of these marks costs. tell: tells some of them."""

    tasks: Tasks
    weigh: Callable[[K, int], int]
    tell: Callable[[K, Mapping[int, int]], None]
    marks: defaultdict[K, dict[int, int]] = attrs.field(factory=lambda: defaultdict(dict))
    _due: deque[K] = attrs.field(factory=deque)

    def tell_all(self, most: int) -> None:
        """Tell all marks of now, once those of the last call are told. One turn of the event loop
        tells marks until they weigh `most`."""
        if not self._due:
            self._due.extend(self.marks)
            self._tell_some(most)

    def _tell_some(self, most: int) -> None:
        room = most
        try:
            while self._due and room > 0:
                key, some = self._due.popleft(), dict[int, int]()
                marks = self.marks.pop(key, {})
                for one, at in marks.items():
                    if room <= 0:
                        self.marks[key] = dict(islice(marks.items(), len(some), None))
                        self._due.appendleft(key)
                        break
                    some[one] = at
                    room -= self.weigh(key, one)
                if some:
                    self.tell(key, some)
        finally:  # also if something raises, or nothing would ever be told
            if self._due:
                self.tasks.soon(partial(self._tell_some, most))
