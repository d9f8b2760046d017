"""The rules at the head of `adapters/sqlite/worker.py`."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.faults.incidents import INCIDENTS
from adapters.sqlite.worker import ANSWERED_AFTER, Worker
from chat_domain.errors import NameTaken, TryAgain
from tests.contract.making import at_once

PATIENCE = 10.0  # seconds


class Watched(sqlite3.Connection):
    """A connection that records its statements and fails on demand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.statements: list[str] = []
        self.failing: set[str] = set()

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.statements.append(sql)
        if sql in self.failing:
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, parameters)


def insert(connection: sqlite3.Connection, word: str) -> str:
    connection.execute("INSERT INTO Word VALUES (?)", (word,))
    return word.upper()


def insert_and_refuse(connection: sqlite3.Connection, word: str) -> None:
    insert(connection, word)
    raise NameTaken(word)


def lose_transaction(connection: sqlite3.Connection) -> None:
    """Lose the transaction, as SQLite itself may do on a full disk."""
    connection.rollback()
    raise sqlite3.OperationalError("database or disk is full")


def words(connection: sqlite3.Connection) -> list[str]:
    return [word for (word,) in connection.execute("SELECT word FROM Word ORDER BY word")]


@pytest.fixture
def connection(tmp_path: Path) -> Watched:
    connection = sqlite3.connect(
        tmp_path / "words.db", isolation_level=None, check_same_thread=False, factory=Watched
    )
    connection.execute("CREATE TABLE Word (word TEXT PRIMARY KEY)")
    connection.statements.clear()
    return connection


@pytest.fixture
async def worker(connection: Watched) -> AsyncIterator[Worker]:
    worker = Worker(connection, writes=True, bound=100)
    yield worker
    await worker.close()


async def test_what_waits_is_committed_together(worker: Worker, connection: Watched) -> None:
    """A hundred jobs of one turn of the loop share a transaction."""
    jobs = [worker.run(insert, f"{number:02}") for number in range(100)]
    assert await asyncio.gather(*jobs) == [f"{number:02}" for number in range(100)]
    assert connection.statements.count("BEGIN IMMEDIATE") == 1
    assert connection.statements.count("COMMIT") == 1


async def test_a_batch_is_answered_by_one_wake_up(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop is woken once for a batch, not for each job."""
    loop, calls = asyncio.get_running_loop(), []
    wake = loop.call_soon_threadsafe

    def counted(*args: Any, **kwargs: Any) -> asyncio.Handle:
        calls.append(args)
        return wake(*args, **kwargs)

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    await asyncio.gather(*(worker.run(insert, str(number)) for number in range(50)))
    assert len(calls) == 1


def read_for_long(connection: sqlite3.Connection) -> list[str]:
    time.sleep(2 * ANSWERED_AFTER)
    return words(connection)


async def test_what_reads_does_not_wait_for_what_is_behind_it(connection: Watched) -> None:
    """A job that has taken long is answered once it is done, with all jobs before it."""
    reader, go_on = Worker(connection, writes=False), threading.Event()
    jobs = [reader.run(words), reader.run(read_for_long)]
    behind: list[asyncio.Future[Any]] = [
        reader.run(lambda _: go_on.wait(PATIENCE)),
        reader.run(words),
    ]
    assert await asyncio.gather(*jobs) == [[], []]
    assert not any(job.done() for job in behind)
    go_on.set()
    assert await asyncio.gather(*behind) == [True, []]
    assert connection.statements.count("BEGIN") == 1
    await reader.close()


async def test_what_was_read_for_long_before_a_failure_is_good(connection: Watched) -> None:
    """The jobs behind the failure in the batch have to be asked again, and later ones are done."""
    reader = Worker(connection, writes=False)
    jobs: list[asyncio.Future[Any]] = [
        reader.run(read_for_long),
        reader.run(lose_transaction),
        reader.run(words),
    ]
    before, failed, behind = await at_once(jobs)
    assert before == []
    assert [type(result) for result in (failed, behind)] == [TryAgain] * 2
    assert await reader.run(words) == []
    assert reader.depth() == 0
    await reader.close()


async def test_a_failing_job_does_not_touch_its_neighbours(worker: Worker) -> None:
    """A job that raises is undone completely and alone, and its caller gets the error."""
    results = await asyncio.gather(
        worker.run(insert, "a"),
        worker.run(insert_and_refuse, "b"),
        worker.run(insert, "a"),
        worker.run(insert, "c"),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [str, NameTaken, sqlite3.IntegrityError, str]
    assert await worker.run(words) == ["a", "c"]


async def test_savepoints_are_made_where_a_job_fails(worker: Worker, connection: Watched) -> None:
    """Savepoints cost time, and hardly any job fails."""
    await asyncio.gather(worker.run(insert, "a"), worker.run(insert, "b"))
    assert "SAVEPOINT job" not in connection.statements
    await asyncio.gather(
        worker.run(insert, "c"), worker.run(insert_and_refuse, "d"), return_exceptions=True
    )
    assert connection.statements.count("SAVEPOINT job") == 2
    assert await worker.run(words) == ["a", "b", "c"]


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
async def test_a_failing_transaction_fails_all_its_jobs(
    worker: Worker, connection: Watched, statement: str
) -> None:
    """If the commit fails, nothing was done, every caller is told, and the thread goes on."""
    connection.failing.add(statement)
    jobs: list[asyncio.Future[Any]] = [
        worker.run(insert, "a"),
        worker.run(insert_and_refuse, "b"),
        worker.run(insert, "c"),
    ]
    results = await at_once(jobs)
    assert [type(result) for result in results] == [TryAgain] * 3
    assert len({id(result) for result in results}) == 3
    for result in results:
        assert isinstance(result, TryAgain)
        assert isinstance(result.__cause__, sqlite3.OperationalError)
    assert not connection.in_transaction
    connection.failing.clear()
    assert await worker.run(words) == []
    assert await worker.run(insert, "d") == "D"


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (sqlite3.OperationalError("disk I/O error"), TryAgain),
        (sqlite3.DatabaseError("database disk image is malformed"), TryAgain),
        (sqlite3.ProgrammingError("a mistake of ours"), sqlite3.ProgrammingError),
        (ValueError("a mistake of ours"), ValueError),
    ],
)
async def test_trouble_with_the_disk_is_told_from_mistakes(
    worker: Worker, error: Exception, seen: type[Exception]
) -> None:
    """A job that meets a broken disk raises TryAgain; any other error is raised as it is."""

    def fail(connection: sqlite3.Connection) -> str:
        raise error

    jobs: list[asyncio.Future[Any]] = [worker.run(fail), worker.run(insert, "a")]
    failed, neighbour = await at_once(jobs)
    assert type(failed) is seen
    assert neighbour == "A"


async def test_a_failing_rollback_is_made_good(
    worker: Worker, connection: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that cannot be rolled back makes the next one fail, and none after it."""
    connection.failing.add("COMMIT")
    with monkeypatch.context() as patch:
        patch.setattr(Watched, "rollback", lambda self: self.execute("no such statement"))
        with pytest.raises(TryAgain):
            await worker.run(insert, "a")
    connection.failing.clear()
    with pytest.raises(TryAgain):
        await worker.run(words)
    assert await worker.run(insert, "b") == "B"
    assert await worker.run(words) == ["b"]


async def test_a_lost_transaction_is_nobodys_success(worker: Worker) -> None:
    """If SQLite gives up a transaction halfway, the jobs before have failed, too."""
    jobs: list[asyncio.Future[Any]] = [
        worker.run(insert, "a"),
        worker.run(lose_transaction),
        worker.run(insert, "c"),
    ]
    results = await at_once(jobs)
    assert [type(result) for result in results] == [TryAgain] * 3
    assert await worker.run(words) == []


async def test_a_full_disk_is_told_as_try_again(worker: Worker, connection: Watched) -> None:
    """What does not fit raises TryAgain, and what fits is stored again later."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(TryAgain) as failure:
        await worker.run(insert, "x" * 100_000)
    assert "full" in str(failure.value.__cause__)
    assert await worker.run(insert, "a") == "A"
    assert await worker.run(words) == ["a"]


async def test_who_has_gone_is_not_answered(worker: Worker) -> None:
    """The answer to a cancelled job is dropped, and its neighbours get theirs."""
    before, cancelled, after = (worker.run(insert, word) for word in "abc")
    cancelled.cancel()
    assert await before == "A"
    assert await after == "C"
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def test_too_many_are_refused(worker: Worker) -> None:
    """Beyond the bound, asking raises TryAgain at once. Answers make room again."""
    jobs = [worker.run(insert, str(number)) for number in range(100)]
    with pytest.raises(TryAgain):
        worker.run(insert, "one too many")
    await asyncio.gather(*jobs)
    assert await worker.run(insert, "b") == "B"


async def test_closing_waits_for_what_was_asked(connection: Watched) -> None:
    """What was asked before closing is done and answered; what is asked afterwards is refused."""
    worker = Worker(connection, writes=True)
    jobs = [worker.run(insert, word) for word in "abc"]
    await worker.close()
    assert [job.result() for job in jobs] == ["A", "B", "C"]
    with pytest.raises(TryAgain):
        worker.run(insert, "d")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


async def test_closing_outlasts_its_loop(connection: Watched) -> None:
    """The thread ends even if nobody can be answered any more."""

    async def ask() -> Worker:
        worker = Worker(connection, writes=True)
        worker.run(insert, "a")
        worker._requested.flush()
        return worker

    def elsewhere() -> Worker:
        return asyncio.run(ask())

    worker = await asyncio.to_thread(elsewhere)
    with suppress(TryAgain):
        await worker.close()
    assert not worker._thread.is_alive()


async def run_unbatched(
    worker: Worker, function: Callable[[sqlite3.Connection, str], Any], arg: str
) -> Any:
    """Run a function alone, and return what `done` is called with."""
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    worker.run_unbatched(function, arg, answer.set_result)
    return await answer


def insert_in_its_own_time(connection: sqlite3.Connection, word: str) -> str:
    connection.execute("BEGIN IMMEDIATE")
    insert(connection, word)
    connection.execute("COMMIT")
    return word


async def test_what_is_done_alone_is_in_no_transaction(worker: Worker, connection: Watched) -> None:
    """It begins and ends its own transaction, whatever else waits."""
    waiting = [worker.run(insert, word) for word in "ab"]
    assert await run_unbatched(worker, insert_in_its_own_time, "c") == "c"
    await asyncio.gather(*waiting)
    assert await worker.run(words) == ["a", "b", "c"]
    assert connection.statements.count("COMMIT") == 3
    assert worker.depth() == 0


async def test_what_is_done_alone_is_answered_in_its_order(worker: Worker) -> None:
    """The answers come in a turn of the loop of their own, never immediately."""
    answers: list[str] = []
    for number in range(50):
        worker.run_unbatched(lambda _, word: word, str(number), answers.append)  # type: ignore[arg-type]
    assert answers == []
    await worker.run(words)
    assert answers == [str(number) for number in range(50)]


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), ValueError("ours")])
async def test_what_fails_alone_is_undone(worker: Worker, error: Exception) -> None:
    """Any error becomes TryAgain, and the thread goes on. A programming error is counted."""
    INCIDENTS.clear()

    def fail(connection: sqlite3.Connection, word: str) -> str:
        connection.execute("BEGIN IMMEDIATE")
        insert(connection, word)
        raise error

    failed = await run_unbatched(worker, fail, "a")
    assert isinstance(failed, TryAgain)
    assert failed.__cause__ is error
    assert await run_unbatched(worker, insert_in_its_own_time, "b") == "b"
    assert await worker.run(words) == ["b"]
    assert INCIDENTS.defects["sqlite"] == isinstance(error, ValueError)


async def test_too_many_alone_are_refused_in_turn(connection: Watched) -> None:
    """So are those that come after closing: `done` is still called, and never immediately."""
    worker = Worker(connection, writes=True, bound=5)
    answers: list[Any] = []
    for number in range(8):
        worker.run_unbatched(insert_in_its_own_time, str(number), answers.append)
    assert answers == []
    await worker.close()
    worker.run_unbatched(insert_in_its_own_time, "closed", answers.append)
    await asyncio.sleep(0)
    assert sorted(type(answer).__name__ for answer in answers) == ["TryAgain"] * 4 + ["str"] * 5
    assert worker.depth() == 0


async def test_something_is_done_before_the_connection_is_closed(connection: Watched) -> None:
    """It comes after all that was asked. If it raises, the connection is closed all the same."""

    def before_close(connection: sqlite3.Connection) -> None:
        found.append(words(connection))
        raise sqlite3.OperationalError("database or disk is full")

    found: list[list[str]] = []
    worker = Worker(connection, writes=True, before_close=before_close)
    waiting = worker.run(insert, "a")
    await worker.close()
    assert await waiting == "A"
    assert found == [["a"]]
    assert not worker._thread.is_alive()


async def test_only_a_write_that_worked_ends_an_outage_of_writing(
    worker: Worker, connection: Watched
) -> None:
    """Everything can be read from a full disk, and a write that changes nothing needs no room."""
    with capture_logs() as lines:
        connection.failing.add("COMMIT")
        with pytest.raises(TryAgain):
            await worker.run(insert, "a")
        connection.failing.clear()
        assert await worker.run(words) == []
        assert [line["event"] for line in lines] == ["outage"]
        await worker.run(insert, "b")
    assert [line["event"] for line in lines] == ["outage", "outage over"]


async def test_only_an_append_that_worked_ends_an_outage_of_appending(
    worker: Worker,
) -> None:
    """An append that finds nothing to write says nothing about the disk."""

    async def run_unbatched(job: Callable[[sqlite3.Connection, str], object]) -> object:
        done = asyncio.get_running_loop().create_future()
        worker.run_unbatched(job, "a", done.set_result)
        return await done

    with capture_logs() as lines:
        assert isinstance(
            await run_unbatched(lambda connection, _: lose_transaction(connection)), TryAgain
        )
        assert await run_unbatched(lambda connection, _: words(connection)) == []
        assert [line["event"] for line in lines] == ["outage"]
        await run_unbatched(insert)
    assert [line["event"] for line in lines] == ["outage", "outage over"]
