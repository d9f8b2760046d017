"""Doing together what is asked for within one turn of the event loop."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class OnceATurn(Generic[T]):
    """Keeps what is added, and at the end of the turn has `do` done with all of it, in its order.

    things: what is added; once there is something in it, it may be appended to. What is added while
    `do` is at work is for the next turn. It may be made before there is a loop, and belongs to the
    one in which something is added first.
    """

    __slots__ = ("_do", "_flush", "_loop", "things")

    def __init__(self, do: Callable[[list[T]], None]) -> None:
        self._do = do
        self._flush = self.flush  # bound once: there are many turns
        self._loop: asyncio.AbstractEventLoop | None = None
        self.things: list[T] = []

    def add(self, thing: T) -> None:
        if not self.things:
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._flush)
        self.things.append(thing)

    def flush(self) -> None:
        """Have it done at once, where there is something to do."""
        do, things, self.things = self._do, self.things, []
        if things:
            do(things)
