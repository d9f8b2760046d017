"""One connection for all commands: what waits is sent in one pipeline."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

import redis.asyncio  # noqa: TC002  # its absence is to be noticed at the start
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from adapters.faults.incidents import INCIDENTS, LONGEST
from adapters.redis.failures import failure_of, try_again
from chat_domain.errors import TryAgain

NAME = "redis commands"  # in the metrics
MAX_WAITING = 20_000  # commands; beyond it, callers get TryAgain
PATIENCE = 2.0  # seconds for a pipeline, after which Redis counts as away


class Commands:
    """Runs commands in the order in which they are given.

    Nothing is repeated: a command that failed may have been carried out all the same. Every failure
    is a TryAgain, caused by a Failure: what Redis refuses now (a replica is missing, it has become
    one itself, its memory is full, a key has a wrong type) it may do once an operator has mended
    that.
    """

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._client = client
        self._waiting: deque[tuple[tuple[Any, ...], asyncio.Future[Any]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        INCIDENTS.watch(NAME)

    def start(self, *command: Any) -> "asyncio.Future[Any]":
        """Queue a command; the future gets its result or TryAgain."""
        future = asyncio.get_running_loop().create_future()
        if len(self._waiting) >= MAX_WAITING:
            future.set_exception(TryAgain())
            return future
        self._waiting.append((command, future))
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())
        return future

    def depth(self) -> int:
        """How many commands wait to be sent."""
        return len(self._waiting)

    async def run(self, *command: Any) -> Any:
        """Run a command and wait for its result. Raises TryAgain."""
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
        try:
            results = await self._results([command for command, _ in batch])
        except (RedisError, OSError, TimeoutError, RuntimeError) as error:
            # RuntimeError is what uvloop raises for writing to a connection that was reset.
            results = [error] * len(batch)
        except Exception as error:  # noqa: BLE001  # callers must not wait forever
            INCIDENTS.defect(NAME, error)
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            _resolve(future, result)
        if any(isinstance(result, ReadOnlyError) for result in results):
            await self._reconnect()

    async def _reconnect(self) -> None:
        """This Redis has become a replica. Its address may lead to the one that has taken over."""
        with suppress(RedisError, OSError):
            await self._client.connection_pool.disconnect(inuse_connections=False)

    async def _results(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """Redis's answers, with exceptions for refusals."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        async with asyncio.timeout(PATIENCE):
            results: list[Any] = await pipeline.execute(raise_on_error=False)
        if len(results) != len(commands):
            raise RedisError("another number of answers than of commands")
        return results

    async def close(self) -> None:
        """Let the commands that wait be carried out, if possible."""
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=PATIENCE)


def _resolve(future: "asyncio.Future[Any]", result: Any) -> None:
    if not isinstance(result, Exception):
        if not future.done():
            future.set_result(result)
        return
    failure = failure_of(result)
    if isinstance(result, ResponseError):
        INCIDENTS.tell("redis refuses", failure.code, why=str(failure)[:LONGEST])
    if not future.done():
        future.set_exception(try_again(failure))
