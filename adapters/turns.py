"""A queue for a few busy hands in which everybody gets their turn."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

import attrs

from adapters.fair_queue import FairQueue, LineOf, alone
from chat_domain.errors import TryAgain

T = TypeVar("T")

LATELY = 300.0  # seconds; at most twice that
NETWORKS = 10_000  # whose turns are counted in that time; beyond it, the time is shorter


def _nobody(_: str) -> bool:
    return False


@attrs.frozen
class Askers:
    """Who they are that ask.

    line_of: the networks around an origin, see FairQueue. is_known: whether places are kept for it.
    kept: tells how many places are.
    """

    line_of: LineOf = alone
    is_known: Callable[[str], bool] = _nobody
    kept: Callable[[], int] = lambda: 0


@attrs.frozen(eq=False)
class _Job:
    network: str  # the widest around its origin
    work: Callable[[], Any]
    result: "asyncio.Future[Any]"


class Turns:
    """Jobs for an executor, taken from one origin after the other.

    Rules:
    1. A job of another origin is behind one job of each of them, not behind all. Origins that are
       known and those that are not have every other turn.
    2. An origin may fill half of the queue, with all of the wider network that it is in.
    3. As long as there is room, either kind may have it. When there is none, the kind that has more
       than its places makes room for the other; otherwise whoever has the most in it for somebody
       of their own kind who has less. Of those who have as many, whoever has had more turns lately
       makes room for who has had fewer: so many origins with one job each keep nobody out.
    4. What makes room is the newest job. It is refused, as is one for which there is no room:
       TryAgain.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        hands: int,
        waiting: Callable[[], int],
        refused: Callable[[], None],
        askers: Askers | None = None,
    ) -> None:
        """`waiting` tells how many jobs there may be in all; 0 is no limit."""
        self._executor = executor
        self._hands = hands
        self._waiting = waiting
        self._refused = refused
        self._askers = askers = askers or Askers()
        self._running = 0
        self._known: FairQueue[_Job] = FairQueue(askers.line_of)
        self._unknown: FairQueue[_Job] = FairQueue(askers.line_of)
        self._in_turn = deque([self._known, self._unknown])
        self._lately = _Lately()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._known) + len(self._unknown)

    async def run(self, work: Callable[[], T], origin: str) -> T:
        most, kept = self._waiting(), self._askers.kept()
        known = kept > 0 and self._askers.is_known(origin)
        jobs, places = (self._known, kept) if known else (self._unknown, most - kept)
        network = self._askers.line_of(origin)[0]
        turns = self._lately.turns(network)
        if most and not self._has_room(jobs, places, origin, turns):
            self._refused()
            raise TryAgain
        job = _Job(network, work, asyncio.get_running_loop().create_future())
        jobs.put(origin, job, turns)
        self._fill_hands()
        result: T = await job.result
        return result

    # -- room ------------------------------------------------------------------------------

    def _has_room(self, jobs: FairQueue[_Job], places: int, origin: str, turns: int) -> bool:
        """Whether there is, or can be made by refusing another job.

        jobs: those of the origin's kind, and places: how many are theirs in any case.
        """
        most = self._waiting()
        if 2 * jobs.waiting(origin) >= most:
            return self._refuse(jobs.displace_inside(origin))
        if len(self) < most:
            return True
        if len(jobs) < places:
            other = self._unknown if jobs is self._known else self._known
            return self._refuse(other.take_back())
        return self._refuse(jobs.displace(origin, turns))

    def _refuse(self, job: _Job | None) -> bool:
        """Whether there was one to refuse."""
        if job is None:
            return False
        self._refused()
        if not job.result.done():
            job.result.set_exception(TryAgain())
        return True

    # -- work ------------------------------------------------------------------------------

    def _fill_hands(self) -> None:
        while self._running < self._hands and len(self):
            job = self._next()
            if not job.result.done():  # nobody waits for a job that was cancelled
                self._start(job)

    def _next(self) -> _Job:
        self._in_turn.rotate()
        return next(jobs.take() for jobs in self._in_turn if jobs)

    def _start(self, job: _Job) -> None:
        self._running += 1
        self._lately.count(job.network)
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


class _Lately:
    """How many turns networks have had in the last LATELY to twice LATELY seconds."""

    def __init__(self) -> None:
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        self._since = 0.0

    def turns(self, network: str) -> int:
        return self._now[network] + self._before[network]

    def count(self, network: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._since > LATELY or len(self._now) >= NETWORKS:
            self._now, self._before, self._since = Counter(), self._now, now
        self._now[network] += 1
