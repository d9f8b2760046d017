"""Concurrent writes, turned into few large ones.

The rules:
1. What is asked is done in the order in which it was asked, and one batch after the other: a
   batch is begun when the one before it is committed or has failed. Others rely on this: a message
   that was stored first must not become visible after one that was stored behind it, and a
   removal must not overtake the storing.
2. A batch is the longest run of what waits that `Batch.take` accepts. So a batch is small while
   little is asked, and grows with the time that the database takes for the one before.
3. Nobody waits for longer than `limit` seconds.
4. A batch that fails because the database cannot do it fails for all who are in it, and for all
   who wait: they asked before anybody could know, and what stood behind a message that was not
   stored must not be stored without it. So does who has waited for too long for those behind.
   If it fails for another reason (a value that fits no column, say) each is tried alone, so
   that nobody pays for a neighbour's fault.
5. At most `bound` wait; beyond that, and after closing, asking raises TryAgain.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import attrs

from adapters.incidents import INCIDENTS
from chat_domain.errors import TryAgain

JobT = TypeVar("JobT")
JobT_contra = TypeVar("JobT_contra", contravariant=True)

NAME = "mysql batches"  # as the metrics call it
LIMIT = 5.0  # seconds; a little longer than the pool takes to give up
BOUND = 10_000


class Batch(Protocol[JobT_contra]):
    """What is being collected."""

    def take(self, job: JobT_contra, /) -> bool:
        """Whether this one may be done together with those that were taken before. One at least
        is always done, so the answer to the first does not matter."""


@attrs.define(eq=False)
class _Asked(Generic[JobT]):
    job: JobT
    future: asyncio.Future[Any]

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Batches(Generic[JobT]):
    """`do` gets the jobs of a batch and returns their answers, in the same order."""

    def __init__(
        self,
        do: Callable[[Sequence[JobT]], Awaitable[Sequence[Any]]],
        new_batch: Callable[[], Batch[JobT]],
        *,
        limit: float = LIMIT,
        bound: int = BOUND,
    ) -> None:
        self._do = do
        self._new_batch = new_batch
        self._limit = limit
        self._bound = bound
        self._waiting: deque[_Asked[JobT]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        INCIDENTS.watch(NAME)

    async def ask(self, job: JobT) -> Any:
        """The answer to this job. Raises TryAgain, and what the job itself deserves."""
        if self._closed or len(self._waiting) >= self._bound:
            raise TryAgain
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(job, future))
        if self._task is None:  # it begins in the next turn, with all that this turn asks
            self._task = asyncio.create_task(self._do_all())
        try:
            async with asyncio.timeout(self._limit):
                return await future
        except TimeoutError as error:
            self._fail_all_who_wait(TryAgain())
            raise TryAgain from error

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def close(self) -> None:
        """Do what waits, within the limit, and nothing any more."""
        self._closed = True
        task = self._task
        if task is not None:
            await asyncio.wait([task], timeout=self._limit)
            task.cancel()
            await asyncio.wait([task])
        self._fail_all_who_wait(TryAgain())

    def _fail_all_who_wait(self, failure: TryAgain) -> None:
        while self._waiting:
            self._waiting.popleft().fail(_like(failure))

    async def _do_all(self) -> None:
        try:
            while batch := self._next_batch():
                await self._do_batch(batch)
        except Exception as error:  # noqa: BLE001  # nobody else would hear of it
            INCIDENTS.defect(NAME, error)
            self._fail_all_who_wait(TryAgain())
        finally:
            self._task = None

    def _next_batch(self) -> list[_Asked[JobT]]:
        batch, taken = self._new_batch(), list[_Asked[JobT]]()
        while self._waiting:
            asked = self._waiting[0]
            if not asked.future.done():
                if not batch.take(asked.job) and taken:
                    break
                taken.append(asked)
            self._waiting.popleft()
        return taken

    async def _do_batch(self, batch: Sequence[_Asked[JobT]]) -> None:
        try:
            answers = await self._do([asked.job for asked in batch])
            answered = list(zip(batch, answers, strict=True))
        except TryAgain as failure:
            for asked in batch:
                asked.fail(_like(failure))
            self._fail_all_who_wait(failure)
        except Exception as error:  # noqa: BLE001  # rule 4
            await self._do_each(batch, error)
        except BaseException:  # we are cancelled
            for asked in batch:
                asked.fail(TryAgain())
            raise
        else:
            for asked, answer in answered:
                if not asked.future.done():
                    asked.future.set_result(answer)

    async def _do_each(self, batch: Sequence[_Asked[JobT]], error: Exception) -> None:
        if len(batch) == 1:
            batch[0].fail(error)
            return
        for asked in batch:
            await self._do_batch([asked])


def _like(failure: TryAgain) -> TryAgain:
    """The same for another caller: an exception that several raise gathers all their tracebacks."""
    copy = TryAgain()
    copy.__cause__ = failure
    return copy
