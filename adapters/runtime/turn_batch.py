"""Doing together what was requested within one turn of the event loop."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TurnBatch(Generic[T]):
    """Collects what is added, and calls `do` with all of it, in order, at the end of the turn.

    items: what was added; callers may append to it while it is not empty. What is added during
    `do` is for the next turn. The object may be created before there is an event loop, and uses
    the one in which something is first added.
    """

    __slots__ = ("_do", "_flush", "_loop", "items")

    def __init__(self, do: Callable[[list[T]], None]) -> None:
        self._do = do
        self._flush = self.flush  # bound once, since it is used every turn
        self._loop: asyncio.AbstractEventLoop | None = None
        self.items: list[T] = []

    def add(self, thing: T) -> None:
        if not self.items:
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._flush)
        self.items.append(thing)

    def flush(self) -> None:
        """Do it now, if anything was added."""
        do, things, self.items = self._do, self.items, []
        if things:
            do(things)
