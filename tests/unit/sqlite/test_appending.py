"""Appending to the log in SQLite, as far as the contract does not cover it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.sql.recent_numbers import RecentNumbers
from adapters.sqlite import sqlite_store
from adapters.sqlite.appending import Appender
from adapters.sqlite.log import SqliteLog
from chat_domain.entries import EVERYWHERE, Batch, ChangeKind, Duplicate, EntryRef, pair
from chat_domain.errors import TryAgain
from chat_domain.ports.log import Committed, EpochChanged, Outcome
from chat_domain.ports.store import Store
from tests.contract.making import (
    append,
    at_once,
    ats,
    change,
    commit,
    make,
    register,
    say,
    seen,
    text,
    write,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with sqlite_store(tmp_path / "chat.db") as opened:
        yield opened


async def pragma(store: Store, statement: str) -> Any:
    """Run this pragma on the writing connection, outside of any transaction."""
    assert isinstance(store.log, SqliteLog)

    def execute(connection: sqlite3.Connection, statement: str) -> Any:
        return connection.execute(f"PRAGMA {statement}").fetchone()

    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    store.log._writer.run_unbatched(execute, statement, answer.set_result)
    return await answer


async def fill_up(store: Store) -> None:
    """Let the file grow by at most 40,000 bytes."""
    ((pages,), (size,)) = [await pragma(store, name) for name in ("page_count", "page_size")]
    await pragma(store, f"max_page_count = {pages + 40_000 // size}")


async def test_a_full_disk_in_the_midst_of_a_batch_loses_nothing(store: Store) -> None:
    """The whole batch gets TryAgain, existing entries stay, and appending works again once there is
    room."""
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    await say(store, ann, conv, "before")
    await fill_up(store)
    large = [text(ann, conv, "x" * 10_000) for _ in range(20)]
    for _ in range(3):
        with pytest.raises(TryAgain):
            await append(store, *large)
    assert [entry.at for entry in large] == [0] * 20
    assert await seen(store, bob) == [1]
    await say(store, ann, conv, "small")
    await pragma(store, "max_page_count = 1000000")
    assert ats(*await append(store, *large)) == list(range(3, 23))


async def test_a_full_disk_in_the_midst_of_changes_changes_nothing(store: Store) -> None:
    """Neither the group nor its members change."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann)
    await fill_up(store)
    steps = [
        change(ChangeKind.JOINED, bob, group.id),
        change(ChangeKind.LEFT, ann, group.id),
        change(ChangeKind.RENAMED, bob, group.id, name="Go"),
        *(text(bob, group.id, "x" * 10_000) for _ in range(20)),
    ]
    with pytest.raises(TryAgain):
        await append(store, *steps)
    assert await store.groups.find(group.id) == group
    assert (await store.log.opening(ann)).groups == (group.id,)
    assert (await store.log.opening(bob)).groups == ()
    assert steps[1].change is not None
    assert steps[1].change.user_id == 0
    assert (await store.log.ends()).changed == 1


async def test_a_file_that_cannot_be_written_any_more_is_an_outage(store: Store) -> None:
    """Appending and every other write get TryAgain until the file can be written again. Reading
    still works."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "before")
    await pragma(store, "query_only = ON")
    for _ in range(2):
        with pytest.raises(TryAgain):
            await append(store, text(ann, pair(ann, bob)))
        with pytest.raises(TryAgain):
            await append(store, change(ChangeKind.CREATED, ann, name="Chess"))
        with pytest.raises(TryAgain):
            await store.log.mark({(ann, EVERYWHERE): 1})
    assert await seen(store, bob) == [1]
    await pragma(store, "query_only = OFF")
    (said,) = await say(store, ann, pair(ann, bob), "after")
    assert said.at == 2


async def test_a_pair_is_known_only_when_it_is_committed(store: Store) -> None:
    """If their first message was rolled back, both become members with the next one."""
    ann, bob = await register(store, "Ann", "Bob")
    await fill_up(store)
    with pytest.raises(TryAgain):
        await append(store, *(text(ann, pair(ann, bob), "x" * 10_000) for _ in range(20)))
    await say(store, ann, pair(ann, bob), "hello")
    assert await seen(store, bob) == [1]


async def test_a_first_message_that_is_refused_begins_nothing(store: Store) -> None:
    """Here, its cid is one that its sender has used before. The other user becomes no member."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await write(store, text(ann, pair(ann, bob), cid="a"))
    await append(store, text(ann, pair(ann, cid), cid="a"))
    rows = await store.log._writer.run(  # type: ignore[attr-defined]
        lambda connection: connection.execute("SELECT userid FROM Member").fetchall()
    )
    assert rows == [(ann,), (bob,)]


async def test_a_new_epoch_counts_for_what_waits(store: Store) -> None:
    """The thread does not rely on the old epoch that it remembers."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "hello")
    ends = await store.log.ends()
    outcomes: list[Outcome] = []
    renewing = asyncio.ensure_future(store.log.renew())
    await renewing
    for epoch in (ends.epoch, renewing.result()):
        batch = Batch((text(ann, pair(ann, bob)),), epoch, ends.head, EntryRef())
        outcomes.append(await commit(store, batch))
    assert outcomes == [EpochChanged(), Committed()]


async def lose(store: Store, *statements: str) -> str:
    """Remove the last commits from the file, and notice it. Return the new epoch."""
    for statement in (*statements, "UPDATE Log SET head = head - 1"):
        await store.log._writer.run(  # type: ignore[attr-defined]
            lambda connection, statement=statement: connection.execute(statement)
        )
    return await store.log.renew()


async def test_where_the_end_was_lost_others_can_be_written_up_to_there_and_on(
    store: Store,
) -> None:
    """The thread must not rely on what it remembers to have written."""
    ann, bob = await register(store, "Ann", "Bob")
    (first,) = await say(store, ann, pair(ann, bob), "hello")
    await say(store, ann, pair(ann, bob), "lost")
    epoch, last = await lose(store, "DELETE FROM Entry WHERE at > 1"), first.ref
    outcomes: list[Outcome] = []
    for _ in range(2):
        entry = text(ann, pair(ann, bob))
        outcomes.append(await commit(store, Batch((entry,), epoch, last.at, last)))
        last = entry.ref
    assert outcomes == [Committed(), Committed()]


async def test_two_whose_first_message_was_lost_have_a_conversation_with_the_next(
    store: Store,
) -> None:
    """The thread forgets that they had a conversation before."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "lost")
    epoch = await lose(store, "DELETE FROM Entry", "DELETE FROM Member")
    await commit(store, Batch((text(ann, pair(ann, bob)),), epoch, 0, EntryRef()))
    assert await seen(store, bob) == [1]


async def test_a_text_between_two_who_have_talked_costs_one_statement(store: Store) -> None:
    """The statements of the transaction come on top. Nothing is looked up."""
    ann, bob = await register(store, "Ann", "Bob")
    (first,) = await say(store, ann, pair(ann, bob), "hello")
    ends = await store.log.ends()
    statements: list[str] = []

    def trace(connection: sqlite3.Connection, _: str) -> None:
        connection.set_trace_callback(lambda statement: statements.append(statement.split()[0]))

    assert isinstance(store.log, SqliteLog)
    store.log._writer.run_unbatched(trace, "", lambda _: None)
    last = first.ref
    batch = Batch((text(ann, pair(ann, bob)),), ends.epoch, ends.head, last)
    assert isinstance(await commit(store, batch), Committed)
    assert statements == ["BEGIN", "INSERT", "UPDATE", "COMMIT"]


class Doubtful(sqlite3.Connection):
    """A connection whose commits happen but are reported as failed."""

    doubtful = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        done = super().execute(sql, parameters)
        if self.doubtful and sql == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return done


async def test_after_a_commit_in_doubt_the_log_is_looked_at(tmp_path: Path) -> None:
    """What was committed after all is recognized, and appending continues behind it."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        await register(store, "Ann", "Bob")
        ends = await store.log.ends()
    connection = sqlite3.connect(tmp_path / "chat.db", isolation_level=None, factory=Doubtful)
    with closing(connection):
        appender = Appender()
        first, second, third = (
            Batch((text(1, pair(1, 2)),), ends.epoch, 0, EntryRef()) for _ in range(3)
        )
        assert appender.append(connection, first) == Committed()
        connection.doubtful = True
        with pytest.raises(sqlite3.OperationalError):
            appender.append(connection, second)
        connection.doubtful = False
        (again,) = second.entries
        known = Duplicate(2, again.time_ms, again.conv)
        assert appender.append(connection, second) == Committed({0: known})
        assert appender.append(connection, third) == Committed()
        assert third.entries[0].at == 3


async def test_appending_and_other_writes_wait_for_each_other(store: Store) -> None:
    """Everything that is asked at the same time is done or refused."""
    ann, bob = await register(store, "Ann", "Bob")
    await make(store, "Chess", ann)
    written, registered = await asyncio.gather(
        asyncio.gather(*(append(store, text(ann, pair(ann, bob))) for _ in range(20))),
        at_once(register(store, f"user {number % 5}") for number in range(20)),
    )
    assert sorted(ats(*(one for (one,) in written))) == [*range(2, 22)]
    assert sum(isinstance(result, list) for result in registered) == 5


async def test_a_batch_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    """If writing fails halfway, nothing of the batch remains, and it takes no position."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        ann, bob = await register(store, "Ann", "Bob")
        with pytest.raises(TryAgain):
            await append(
                store, text(ann, pair(ann, bob)), text(ann, pair(ann, bob), "alone: \ud800")
            )
        good = text(ann, pair(ann, bob))
        assert await append(store, good) == [good]
        assert good.at == 1
        assert await seen(store, bob) == [1]


async def test_after_closing_nothing_is_taken(tmp_path: Path) -> None:
    """What was given before is committed and answered."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        ann, bob = await register(store, "Ann", "Bob")
        ends = await store.log.ends()
        batch = Batch((text(ann, pair(ann, bob)),), ends.epoch, ends.head, EntryRef())
        outcomes: list[Outcome] = []
        store.log.append(batch, outcomes.append)
    assert outcomes == [Committed()]
    assert isinstance(await commit(store, batch), TryAgain)


def test_what_is_used_is_remembered_and_what_is_not_is_forgotten() -> None:
    """It remembers at least the given number of items, and never more than twice as many."""
    remembered = RecentNumbers(10)
    for number in range(100):
        remembered.add(number)
        assert 0 in remembered
        assert all(one in remembered for one in range(max(0, number - 8), number + 1))
    assert sum(number in remembered for number in range(100)) <= 20
    remembered.clear()
    assert 0 not in remembered
