"""Rows that no node has written, in SQLite, which takes anything in any column."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.incidents import INCIDENTS
from adapters.sqlite import sqlite_store
from tests.contract.bad_rows import *  # noqa: F403  # the tests, for the store of this folder
from tests.contract.bad_rows import CREATED, Spoilt
from tests.contract.making import message, register, send

NO_RULES = (
    "PRAGMA writable_schema = ON",
    "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '')",
    "PRAGMA writable_schema = RESET",
)


@pytest.fixture
async def spoilt(tmp_path: Path) -> AsyncIterator[Spoilt]:
    path = tmp_path / "chat.db"
    async with sqlite_store(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as beside:
        for statement in NO_RULES:
            beside.execute(statement)
        beside.execute("PRAGMA ignore_check_constraints = ON")
        async with sqlite_store(path) as store:
            yield Spoilt(store, beside.execute)


async def test_a_text_that_is_no_utf_8_is_shown_as_far_as_it_is(spoilt: Spoilt) -> None:
    """Python by itself would refuse the whole mailbox, for ever."""
    (anna,) = await register(spoilt.store, "anna")
    await send(spoilt.store, anna, message("m1"), message("m2"))
    spoilt.run("UPDATE OfflineMessage SET message = CAST(x'6869ff' AS TEXT) WHERE mid = 'm1'")
    found = await spoilt.store.mailbox.read(anna, 10, ())
    assert [one.text for one in found] == ["hi\ufffd", "hello"]
    assert INCIDENTS.malformed["database"] == 1


@pytest.mark.parametrize("value", ["x'ff'", "1.5", "'abc'", "9000000000", "9e999"])
async def test_numbers_that_are_none_are_left_out(spoilt: Spoilt, value: str) -> None:
    """Of another kind, or beyond what an id can be."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    group = await store.groups.create(CREATED, "", anna)
    spoilt.run("INSERT INTO GroupUser VALUES ({}, {}, 'normal', 100)", group.id, value)
    spoilt.run("INSERT INTO Friend VALUES ({}, {})", value, bert)
    assert await store.groups.member_ids(group.id) == [anna]
    assert await store.friends.listed_by(bert) == []
    assert INCIDENTS.malformed["database"] == 2


@pytest.mark.parametrize("column", ["mid", "cid", "message", "sendername"])
async def test_bytes_are_no_text(spoilt: Spoilt, column: str) -> None:
    """A message that has them is passed over."""
    (anna,) = await register(spoilt.store, "anna")
    await send(spoilt.store, anna, message("m1"), message("m2"), message("m3"))
    spoilt.run("UPDATE OfflineMessage SET {} = x'6869' WHERE mid = 'm2'", column)
    found = await spoilt.store.mailbox.read(anna, 2, ())
    assert [one.mid for one in found] == ["m1", "m3"]
