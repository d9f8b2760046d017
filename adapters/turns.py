"""A queue for a few busy hands in which everybody gets their turn."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

import attrs

from chat_domain.errors import TryAgain

T = TypeVar("T")


@attrs.frozen(eq=False)
class _Job:
    work: Callable[[], Any]
    result: "asyncio.Future[Any]"


class Turns:
    """Jobs for an executor, taken from one origin after the other.

    Whoever fills the queue waits behind themselves: a job of another origin is behind one job of
    each of them, not behind all. An origin may fill half of it. Raises TryAgain beyond that.
    """

    def __init__(
        self, executor: Executor, *, hands: int, waiting: int, refused: Callable[[], None]
    ) -> None:
        """`waiting` is how many jobs there may be in all; 0 is no limit."""
        self._executor = executor
        self._hands = hands
        self._waiting = waiting
        self._refused = refused
        self._jobs = 0
        self._running = 0
        self._queues: OrderedDict[str, deque[_Job]] = OrderedDict()

    async def run(self, work: Callable[[], T], origin: str) -> T:
        loop = asyncio.get_running_loop()
        queue = self._queues.get(origin)
        if self._waiting and (
            self._jobs >= self._waiting or (queue and 2 * len(queue) >= self._waiting)
        ):
            self._refused()
            raise TryAgain
        job = _Job(work, loop.create_future())
        self._queues.setdefault(origin, deque()).append(job)
        self._jobs += 1
        self._fill_hands()
        result: T = await job.result
        return result

    def _fill_hands(self) -> None:
        while self._running < self._hands and self._queues:
            job = self._next()
            self._jobs -= 1
            if not job.result.done():  # nobody waits for a job that was cancelled
                self._start(job)

    def _next(self) -> _Job:
        origin, queue = self._queues.popitem(last=False)
        job = queue.popleft()
        if queue:
            self._queues[origin] = queue  # at the end of the line
        return job

    def _start(self, job: _Job) -> None:
        self._running += 1
        running = asyncio.get_running_loop().run_in_executor(self._executor, job.work)
        running.add_done_callback(lambda done: self._finish(job, done))

    def _finish(self, job: _Job, done: "asyncio.Future[Any]") -> None:
        self._running -= 1
        if not job.result.done():
            _pass_on(done, job.result)
        elif not done.cancelled():
            done.exception()  # or asyncio would complain that nobody has asked
        self._fill_hands()


def _pass_on(done: "asyncio.Future[Any]", result: "asyncio.Future[Any]") -> None:
    if done.cancelled():
        result.cancel()
    elif (error := done.exception()) is not None:
        result.set_exception(error)
    else:
        result.set_result(done.result())
