"""One connection for all commands: what waits goes out in one pipeline."""

import asyncio
from collections import deque
from typing import Any

import redis.asyncio  # noqa: TC002  # its absence is to be noticed at the start
from redis.exceptions import RedisError, ResponseError

from chat_domain.errors import TryAgain

MAX_WAITING = 20_000  # commands; beyond it callers are told to try again
PATIENCE = 2.0  # seconds for a pipeline, after which Redis counts as away


class Commands:
    """Runs commands in the order in which they are given.

    Nothing is repeated: a command that failed may have been carried out all the same.
    """

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._client = client
        self._waiting: deque[tuple[tuple[Any, ...], asyncio.Future[Any]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def start(self, *command: Any) -> "asyncio.Future[Any]":
        """Give a command; its result or TryAgain comes by the future."""
        future = asyncio.get_running_loop().create_future()
        if len(self._waiting) >= MAX_WAITING:
            future.set_exception(TryAgain())
            return future
        self._waiting.append((command, future))
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())
        return future

    def depth(self) -> int:
        """How many commands wait to go out."""
        return len(self._waiting)

    async def run(self, *command: Any) -> Any:
        """Give a command and wait for its result. Raises TryAgain."""
        return await self.start(*command)

    async def script(self, text: str, *arguments: Any) -> Any:
        """Run a Lua script without keys. Raises TryAgain."""
        return await self.start("EVAL", text, 0, *arguments)

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = list(self._waiting)
                self._waiting.clear()
                await self._run(batch)
        finally:
            self._worker = None

    async def _run(self, batch: list[tuple[tuple[Any, ...], "asyncio.Future[Any]"]]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for command, _ in batch:
            pipeline.execute_command(*command)
        results: list[Any]
        try:
            async with asyncio.timeout(PATIENCE):
                results = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            _settle(future, result)

    async def close(self) -> None:
        """Let what is waiting be carried out, if that is possible."""
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=PATIENCE)


def _settle(future: "asyncio.Future[Any]", result: Any) -> None:
    if future.done():
        return
    if isinstance(result, ResponseError) and not _passing(result):
        future.set_exception(result)  # a defect of ours, not an outage
    elif isinstance(result, Exception):
        failure = TryAgain()
        failure.__cause__ = result
        future.set_exception(failure)
    else:
        future.set_result(result)


def _passing(error: ResponseError) -> bool:
    """Whether Redis will answer otherwise by and by: loading, read-only, out of memory ..."""
    return str(error).startswith(("LOADING", "READONLY", "OOM", "MISCONF", "BUSY", "MASTERDOWN"))
