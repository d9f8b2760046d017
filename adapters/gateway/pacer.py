"""Sends items one by one, with a pause between them."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

PAUSE = 0.05  # seconds; docs/protocol.md promises it to the C++ server's client


class Pacer(Generic[T]):
    """A queue that is emptied one item at a time, PAUSE apart; the first item waits as well.

    busy: whether an item was sent less than PAUSE ago or waits to be sent.
    """

    __slots__ = ("_queue", "_send", "busy")

    def __init__(self, send: Callable[[T], None]) -> None:
        self._send = send
        self._queue: deque[T] = deque()
        self.busy = False

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._queue)

    def add(self, item: T) -> None:
        self._queue.append(item)
        if not self.busy:
            self._start()

    def change(self, how: Callable[[T], T]) -> None:
        """Replace each waiting item by what `how` makes of it."""
        self._queue = deque(map(how, self._queue))

    def _start(self) -> None:
        self.busy = True
        asyncio.get_running_loop().call_later(PAUSE, self._next)

    def _next(self) -> None:
        self.busy = False
        if self._queue:
            self._start()
            self._send(self._queue.popleft())

    def stop(self) -> None:
        """Discard what waits."""
        self._queue.clear()
