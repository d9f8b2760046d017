"""One thread that owns a connection and runs the jobs of the event loop, in batches.

Rules:
1. Jobs of one turn of the loop are handed over together. All jobs handed over by the time the
   thread is free are one batch: one transaction, one commit.
2. Writes are answered after the commit, all of a batch by one wake-up of the loop. Reads are
   answered whenever ANSWERED_AFTER has passed, without waiting for those behind them, and a batch
   of them that takes longer than SNAPSHOT_LASTS is several transactions.
3. A job that raises is undone alone; the other jobs of its batch are not affected. A batch is first
   done without savepoints; if a job raises, all of it is done again, with a savepoint for each.
4. If the begin or the commit of a batch fails, or SQLite itself has rolled the batch back (a full
   disk may cause that in any statement), its jobs that are not answered yet get TryAgain.
5. Whatever happens, the thread goes on to the next batch.
6. At most `bound` jobs are unanswered; beyond that, and after closing, a request raises TryAgain.
7. Before each batch, `check` may raise if nothing can be done: then the batch has failed.
8. A job that runs unbatched has transactions of its own and no future. Such jobs are done before
   all others that wait, in the order in which they were requested.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar, TypeVarTuple

import attrs

from adapters.faults.incidents import INCIDENTS
from adapters.faults.outage import Outage
from adapters.runtime.turn_batch import TurnBatch
from chat_domain.errors import TryAgain

S = TypeVar("S")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SNAPSHOT_LASTS = 0.1  # seconds of reading, after which a batch goes on with a new transaction
ANSWERED_AFTER = 0.001  # seconds of reading; a wake-up for each answer costs as much as most reads
NAME = "sqlite"  # in the metric of defects
BOUND = 10_000  # jobs; with one message in each, about a third of a second of the writer's work


@attrs.define(eq=False)
class _Job:
    """A requested job and, once the thread has done it, its answer."""

    future: asyncio.Future[Any]
    function: Callable[..., Any]
    args: tuple[Any, ...]
    result: Any = None
    error: Exception | None = None

    def answer(self) -> None:
        if self.future.done():  # cancelled: the caller has gone
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


@attrs.define(eq=False)
class _UnbatchedJob:
    """A job that ends its own transactions, and what is to be called with its result."""

    function: Callable[[sqlite3.Connection, Any], Any]
    arg: Any
    done: Callable[[Any], None]
    result: Any = None
    proves_health: bool = False  # whether it shows that the database works again


def _nothing() -> None:
    """The default check, which finds nothing wrong, and the default trim."""


class Worker:
    """The loop calls `run`, `run_unbatched` and `close`; every method that begins with `_do`
    runs in the thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        writes: bool,
        bound: int = BOUND,
        check: Callable[[], None] = _nothing,
        trim: Callable[[], None] = _nothing,
        before_close: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        """writes: whether jobs may change anything. check: raises sqlite3.OperationalError if
        nothing may be done. trim: called between transactions; its SQLite errors are ignored.
        before_close: called before the connection is closed. The thread calls all three."""
        self._connection = connection
        self._check = check
        self._trim = trim
        self._before_close = before_close
        self._writes = writes
        self._begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        self._bound = bound
        self._loop = asyncio.get_running_loop()
        self._unanswered = 0
        self._closed = False
        self._outage = Outage("the database")
        INCIDENTS.watch(NAME)
        self._queue: SimpleQueue[list[_Job] | _UnbatchedJob | None] = SimpleQueue()
        self._unbatched: deque[_UnbatchedJob] = deque()  # taken from the queue
        self._requested: TurnBatch[_Job] = TurnBatch(self._queue.put)
        # a daemon, so that a crash of the main thread still ends the process
        self._thread = threading.Thread(target=self._do_batches, name=NAME, daemon=True)
        self._thread.start()

    def run(
        self, function: Callable[[sqlite3.Connection, *Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run `function(connection, *args)`; the future gets its result, or what it raised."""
        if self._closed or self._unanswered >= self._bound:
            raise TryAgain
        future: asyncio.Future[T] = self._loop.create_future()
        self._requested.add(_Job(future, function, args))
        self._unanswered += 1
        return future

    def run_unbatched(
        self,
        function: Callable[[sqlite3.Connection, S], T],
        arg: S,
        done: Callable[[T | TryAgain], None],
    ) -> None:
        """Run `function(connection, arg)` outside of any transaction, and call `done` with its
        result in a turn of the loop of its own; with TryAgain if it raises anything."""
        self._unanswered += 1
        job = _UnbatchedJob(function, arg, done)
        if self._closed or self._unanswered > self._bound:
            job.result = TryAgain()
            self._loop.call_soon(self._answer_unbatched, job)
        else:
            self._queue.put(job)

    def depth(self) -> int:
        """How many jobs are unanswered."""
        return self._unanswered

    async def close(self) -> None:
        """Do and answer what was requested, then end the thread and its connection."""
        self._closed = True
        self._requested.flush()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # the last answers are called in a turn of the loop (Python 3.14)

    def _answer(self, batch: Collection[_Job], proves_health: bool) -> None:
        """proves_health: whether this shows that the database works again."""
        self._unanswered -= len(batch)
        failed = next((job.error for job in batch if isinstance(job.error, TryAgain)), None)
        if failed is not None:
            self._outage.failed(failed.__cause__)
        elif proves_health:
            self._outage.worked()
        for job in batch:
            job.answer()

    def _answer_unbatched(self, job: _UnbatchedJob) -> None:
        self._unanswered -= 1
        if isinstance(job.result, TryAgain):
            self._outage.failed(job.result.__cause__)
        elif job.proves_health:
            self._outage.worked()
        job.done(job.result)

    def _do_batches(self) -> None:
        with closing(self._connection):
            going_on = True
            while going_on:
                batch, going_on = self._do_wait()
                while self._unbatched:
                    self._do_unbatched(self._unbatched.popleft())
                if batch:
                    self._do_batch(batch)
                with suppress(sqlite3.Error):  # a full disk, say
                    self._trim()
            if self._before_close is not None:
                with suppress(sqlite3.Error):  # a full disk, say
                    self._before_close(self._connection)

    def _do_call_in_loop(self, answer: Callable[[*Ts], None], *what: *Ts) -> None:
        with suppress(RuntimeError):  # the loop is gone: nobody waits for an answer
            self._loop.call_soon_threadsafe(answer, *what)

    def _do_prove_health(self, changes_before: int) -> bool:
        """Whether this work shows that the database works. For a writer, only a write does:
        everything can be read from a full disk."""
        return not self._writes or self._connection.total_changes > changes_before

    def _do_wait(self) -> tuple[list[_Job], bool]:
        """All jobs that wait, at least one (or one unbatched); and whether more will come."""
        batch, queue = list[_Job](), self._queue
        while (jobs := queue.get()) is not None:
            if isinstance(jobs, _UnbatchedJob):
                self._unbatched.append(jobs)
            else:
                batch += jobs
            if queue.empty():  # nobody else takes from it
                return batch, True
        return batch, False

    def _do_unbatched(self, job: _UnbatchedJob) -> None:
        before = self._connection.total_changes
        try:
            self._check()
            job.result = job.function(self._connection, job.arg)
            job.proves_health = self._do_prove_health(before)
        except Exception as error:  # noqa: BLE001  # rule 5
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):
                    self._connection.rollback()
            if not _is_trouble(error):
                INCIDENTS.defect(NAME, error)
            job.result = _try_again(error)
        self._do_call_in_loop(self._answer_unbatched, job)

    def _do_batch(self, batch: list[_Job]) -> None:
        unanswered = deque(batch)
        before, proves_health = self._connection.total_changes, False
        try:
            self._check()
            self._connection.execute(self._begin)
            if not self._writes:
                self._do_reads(unanswered)
            elif not self._do_together(batch):
                for job in batch:
                    self._do_job(job)
            self._connection.execute("COMMIT")
            proves_health = self._do_prove_health(before)
        except Exception as error:  # noqa: BLE001  # rule 5
            # if this fails as well, so does the next begin, and then it is tried again
            with suppress(sqlite3.Error):
                self._connection.rollback()
            for job in unanswered:
                job.result, job.error = None, _try_again(error)
        if unanswered:
            self._do_call_in_loop(self._answer, unanswered, proves_health)

    def _do_reads(self, unanswered: deque[_Job]) -> None:
        done = 0
        began = snapshot_began = monotonic()
        for job in tuple(unanswered):
            if monotonic() - snapshot_began >= SNAPSHOT_LASTS:
                self._connection.execute("COMMIT")
                self._connection.execute(self._begin)
                snapshot_began = monotonic()
            self._do_job(job)
            done += 1
            if monotonic() - began >= ANSWERED_AFTER:
                answered = [unanswered.popleft() for _ in range(done)]
                self._do_call_in_loop(self._answer, answered, True)
                done, began = 0, monotonic()

    def _do_together(self, batch: list[_Job]) -> bool:
        """Do a batch without savepoints, which cost an eighth of a batch of messages, of which
        hardly any fails. Return whether all went well; otherwise nothing is done yet."""
        try:
            for job in batch:
                job.result = job.function(self._connection, *job.args)
        except Exception:  # noqa: BLE001  # it will be raised again
            self._connection.rollback()
            self._connection.execute(self._begin)
            return False
        return True

    def _do_job(self, job: _Job) -> None:
        execute = self._connection.execute
        try:
            if self._writes:
                execute("SAVEPOINT job")
            job.result = job.function(self._connection, *job.args)
            if self._writes:
                execute("RELEASE job")
        except Exception as error:
            if not self._connection.in_transaction:
                raise  # the other jobs' work is undone as well: the batch has failed
            if self._writes:
                execute("ROLLBACK TO job")
                execute("RELEASE job")
            job.error = _try_again(error) if _is_trouble(error) else error


def _is_trouble(error: Exception) -> bool:
    """Whether the database is at fault (full, broken, locked), not the job."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def _try_again(cause: Exception) -> TryAgain:
    error = TryAgain()
    error.__cause__ = cause
    return error
