"""A database that has damaged its own tables is found out, and its data is kept."""

import signal
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mysql import mysql_store
from adapters.mysql.managing import make_tables
from chat_domain.entries import pair
from entrypoints.services.database import DATABASE, USER, DatabaseServer
from tests.contract.making import register, say
from tests.delivery.damage import Inspector, keep_data
from tests.delivery.history import new_history, read_history
from tests.delivery.judge import judge
from tests.delivery.records import Records
from tests.integration.database_server import Database, mariadb_only

PAGE = 16 * 1024  # bytes
INDEX_ID = 66  # offset in a page


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DatabaseServer]:
    may_look = f"GRANT PROCESS ON *.* TO '{USER}'@'%';\n"  # at how the tables are stored
    with Database(tmp_path / "database", fast=True, setup=may_look) as server:
        yield server


@mariadb_only("its pages are written to")
async def test_a_damaged_table_is_a_finding_of_its_own_and_its_data_is_kept(
    server: DatabaseServer, tmp_path: Path
) -> None:
    await make_tables(server.url())
    async with mysql_store(server.url()) as store:
        (ann,) = await register(store, "Ann")
        await say(store, ann, pair(ann, ann), *(str(number) for number in range(300)))
    path = tmp_path / "history.jsonl"
    with new_history(path) as history:
        inspector = Inspector(server, Records(server.url(), history))
        await inspector.look()
        assert judge(read_history(path)).damages == []

        damage(server, "EntryOf")
        await inspector.look()
    verdict = judge(read_history(path))
    assert any("Entry" in why for why in verdict.damages)
    assert not verdict.kept
    assert "the database is damaged" in str(verdict)

    keep_data(server, tmp_path / "kept")
    for data in "kept-data", "kept-data.damaged":
        assert (tmp_path / data / DATABASE / "Entry.ibd").exists()
    assert server.answers()


def damage(server: DatabaseServer, index: str) -> None:
    """Overwrite a part of each page of an index of Entry while the server is down."""
    query = "SELECT INDEX_ID FROM information_schema.INNODB_SYS_INDEXES WHERE NAME = "
    number = int(server.query(f"{query}'{index}'"))
    server.stop(signal.SIGTERM)
    file = server.data / DATABASE / "Entry.ibd"
    content = bytearray(file.read_bytes())
    for begin in range(0, len(content), PAGE):
        if struct.unpack_from(">Q", content, begin + INDEX_ID) == (number,):
            content[begin + PAGE // 2 : begin + PAGE // 2 + 8] = b"\xff" * 8
    file.write_bytes(content)
    server.start()
