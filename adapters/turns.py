"""A queue for a few busy hands in which everybody gets their turn."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

import attrs

from adapters.fair_queue import FairQueue, LineOf, alone
from chat_domain.errors import TryAgain

T = TypeVar("T")


@attrs.frozen(eq=False)
class _Job:
    work: Callable[[], Any]
    result: "asyncio.Future[Any]"


class Turns:
    """Jobs for an executor, taken from one origin after the other.

    A job of another origin is behind one job of each of them, not behind all. An origin may fill
    half of the queue, with all of the wider network that it is in. When it is full, the newest job
    of whoever has the most in it makes room for one of somebody who has less. Raises TryAgain for a
    job for which there is no room.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        hands: int,
        waiting: Callable[[], int],
        refused: Callable[[], None],
        line_of: LineOf = alone,
    ) -> None:
        """`waiting` tells how many jobs there may be in all; 0 is no limit. line_of: see
        FairQueue."""
        self._executor = executor
        self._hands = hands
        self._waiting = waiting
        self._refused = refused
        self._running = 0
        self._jobs: FairQueue[_Job] = FairQueue(line_of)

    def __len__(self) -> int:
        """How many wait."""
        return len(self._jobs)

    async def run(self, work: Callable[[], T], origin: str) -> T:
        most = self._waiting()
        if most and not self._room_for(origin, most):
            self._refused()
            raise TryAgain
        job = _Job(work, asyncio.get_running_loop().create_future())
        self._jobs.put(origin, job)
        self._fill_hands()
        result: T = await job.result
        return result

    def _room_for(self, origin: str, most: int) -> bool:
        jobs = self._jobs
        if len(jobs) < most:
            return 2 * jobs.waiting(origin) < most
        victim = jobs.displace(origin)
        if victim is None:
            return False
        self._refused()
        if not victim.result.done():
            victim.result.set_exception(TryAgain())
        return True

    def _fill_hands(self) -> None:
        while self._running < self._hands and self._jobs:
            job = self._jobs.take()
            if not job.result.done():  # nobody waits for a job that was cancelled
                self._start(job)

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
