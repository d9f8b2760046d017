"""Reporting to the server what the user has read, at most once a second."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from adapters.client import ClientError, Where

EVERY = 1.0  # seconds


class ReadReporter:
    """tell: reports to the server; called for one conversation at a time."""

    def __init__(self, tell: Callable[[Where, int], Awaitable[None]]) -> None:
        self._tell = tell
        self._news: dict[Where, int] = {}
        self._task: asyncio.Task[None] | None = None

    def read(self, where: Where, at: int) -> None:
        """The user has read a conversation up to this position, or a higher one reported before."""
        self._news[where] = max(at, self._news.get(where, 0))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._report())

    def reset(self) -> None:
        """Nobody is logged in any more."""
        self._news.clear()
        if self._task is not None:
            self._task.cancel()

    async def _report(self) -> None:
        while self._news:
            where = next(iter(self._news))
            at = self._news.pop(where)
            with suppress(ClientError):  # it is reported again when the user has read more
                await self._tell(where, at)
            await asyncio.sleep(EVERY)
