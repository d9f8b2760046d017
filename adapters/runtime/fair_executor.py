"""A queue for a few busy workers in which every origin gets its turn."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

import attrs

from adapters.runtime.fair_queue import FairQueue, LineageOf, alone
from chat_domain.errors import TryAgain

T = TypeVar("T")

LATELY = 300.0  # seconds; turns count for at most twice that
NETWORKS = 10_000  # counted in that time; if there are more, the time gets shorter


def _nobody(_: str) -> bool:
    return False


@attrs.frozen
class Askers:
    """Who the origins are.

    lineage_of: the networks that an origin is in, see FairQueue. is_known: whether an origin has a
    claim to the kept places. kept: returns how many places are kept for known origins.
    """

    lineage_of: LineageOf = alone
    is_known: Callable[[str], bool] = _nobody
    kept: Callable[[], int] = lambda: 0


@attrs.frozen(eq=False)
class _Job:
    network: str  # the widest that its origin is in
    work: Callable[[], Any]
    result: "asyncio.Future[Any]"


class FairExecutor:
    """Jobs for an executor, taken from each origin in turn.

    Rules:
    1. A job waits behind one job of each other origin, not behind all their jobs. Known and unknown
       origins take alternate turns.
    2. An origin may fill half of the queue, together with the widest network that it is in.
    3. While there is room, either kind may use it. When there is none, and the job's own kind has
       fewer than its places, the other kind makes room; otherwise, within its own kind, the network
       that has the most makes room for one that has less. Among equals, the network that has had
       more turns lately makes room for one that has had fewer: so many origins with one job each
       keep nobody out.
    4. To make room, the newest job is refused. So is a job for which no room can be made. Refused
       jobs raise TryAgain.
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
        """hands: how many jobs run at once. waiting: returns how many jobs may wait in all, 0 for
        no limit. refused: called for each refused job."""
        self._executor = executor
        self._hands = hands
        self._waiting = waiting
        self._refused = refused
        self._askers = askers = askers or Askers()
        self._running = 0
        self._known: FairQueue[_Job] = FairQueue(askers.lineage_of)
        self._unknown: FairQueue[_Job] = FairQueue(askers.lineage_of)
        self._in_turn = deque([self._known, self._unknown])
        self._lately = _Lately()

    def __len__(self) -> int:
        """How many jobs wait."""
        return len(self._known) + len(self._unknown)

    async def run(self, work: Callable[[], T], origin: str) -> T:
        most, kept = self._waiting(), self._askers.kept()
        known = kept > 0 and self._askers.is_known(origin)
        jobs, places = (self._known, kept) if known else (self._unknown, most - kept)
        network = self._askers.lineage_of(origin)[0]
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
        """Whether the queue has room, or gets it by refusing another job.

        jobs: those of the origin's kind. places: how many places that kind has in any case.
        turns: how many the origin's network has had lately.
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
        """Refuse this job. Returns whether there was one."""
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
            done.exception()  # or asyncio would warn that it was never retrieved
        self._fill_hands()


def _pass_on(done: "asyncio.Future[Any]", result: "asyncio.Future[Any]") -> None:
    if done.cancelled():
        result.cancel()
    elif (error := done.exception()) is not None:
        result.set_exception(error)
    else:
        result.set_result(done.result())


class _Lately:
    """How many turns each network has had in the last LATELY to twice LATELY seconds."""

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
