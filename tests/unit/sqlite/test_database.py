"""How SQLite's thread runs work that is written for any database."""

import asyncio
from pathlib import Path

import pytest

from adapters.sql.database import Connection
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.opening import open_reader, open_writer
from adapters.sqlite.worker import Worker


async def test_work_may_wait_for_nothing_but_its_connection(tmp_path: Path) -> None:
    """Work that waits for something else fails and is undone, and the thread goes on."""

    async def waits(connection: Connection) -> None:
        await connection.change("INSERT INTO Friend (userid, friendid) VALUES (?, ?)", (1, 2))
        await asyncio.sleep(0)

    async def count(connection: Connection) -> int:
        return len(await connection.rows("SELECT 1 FROM Friend"))

    writer = Worker(open_writer(tmp_path / "chat.db"), writes=True)
    reader = Worker(open_reader(tmp_path / "chat.db"), writes=False)
    database = SqliteDatabase(reader, writer)
    try:
        with pytest.raises(RuntimeError, match="waits"):
            await database.write(waits)
        assert await database.write(count) == await database.read(count) == 0
    finally:
        await writer.close()
        await reader.close()
