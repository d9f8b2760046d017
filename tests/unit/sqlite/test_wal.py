"""How long the WAL becomes."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sqlite import files, sqlite_store, worker
from adapters.sqlite.opening import connect, open_reader, open_writer
from adapters.sqlite.worker import Worker
from chat_domain.entries import pair
from chat_domain.ports.store import Store
from tests.contract.making import append, register, text
from tests.eventually import eventually

LONGEST = 1024 * 1024


async def say_much(store: Store, user_id: int) -> None:
    for _ in range(8):
        entries = (text(user_id, pair(user_id, user_id), "x" * 4_000) for _ in range(60))
        await append(store, *entries)


async def test_the_wal_is_cut_off_once_a_reader_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as somebody reads without a pause, SQLite writes behind its end; nothing waits for
    them for longer than a moment."""
    monkeypatch.setattr(files, "LONGEST_WAL", LONGEST)
    monkeypatch.setattr(files, "TRIM_AGAIN", 0)
    monkeypatch.setattr(files, "TRIM_WAITS", 1)
    path = tmp_path / "chat.db"
    wal = path.with_name("chat.db-wal")
    async with sqlite_store(path) as store:
        (ann,) = await register(store, "Ann")
        with closing(connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM User").fetchall()
            await say_much(store, ann)
            assert wal.stat().st_size > LONGEST
        await append(store, text(ann, pair(ann, ann)))  # while it is noticed how long it is
        await eventually(lambda: wal.stat().st_size < LONGEST)


async def test_a_long_batch_of_reads_does_not_keep_to_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the WAL could not be cut off while many read."""
    monkeypatch.setattr(worker, "SNAPSHOT_LASTS", 0)
    path = tmp_path / "chat.db"
    with closing(open_writer(path)) as writer:
        reader = Worker(open_reader(path), writes=False)

        def count(connection: sqlite3.Connection) -> int:
            ((found,),) = connection.execute("SELECT count(*) FROM Friend")
            writer.execute("INSERT INTO Friend VALUES (1, ?)", (found,))
            return int(found)

        try:
            jobs = [reader.run(count) for _ in range(3)]
            assert await asyncio.gather(*jobs) == [0, 1, 2]
        finally:
            await reader.close()
