"""Doing what was requested over several turns of the event loop."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class OverTurns(Generic[T]):
    """Calls `do` with each thing that is added, in order: with `at_once` of them at the end of the
    turn, and with the others in the turns that follow."""

    __slots__ = ("_at_once", "_do", "_waiting")

    def __init__(self, do: Callable[[T], None], at_once: int) -> None:
        self._do = do
        self._at_once = at_once
        self._waiting: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, thing: T) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._do_some)
        self._waiting.append(thing)

    def flush(self) -> None:
        """Do all of it now."""
        while self._waiting:
            self._do(self._waiting.popleft())

    def _do_some(self) -> None:
        try:
            for _ in range(min(len(self._waiting), self._at_once)):
                self._do(self._waiting.popleft())
        finally:  # also if something raises, or the rest would not be done
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._do_some)
