"""Rows that no node has written, in SQLite, which accepts any value in any column."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.faults.containment import contained_store
from adapters.faults.incidents import INCIDENTS
from adapters.sqlite import sqlite_store
from adapters.sqlite.opening import open_writer
from chat_domain.entries import Batch, EntryRef, pair
from chat_domain.errors import TryAgain
from tests.contract.bad_rows import *  # noqa: F403  # the tests, for the store of this folder
from tests.contract.bad_rows import Spoilt
from tests.contract.making import commit, register, say, text
from tests.unit.in_memory import memory_folder

NO_RULES = (
    "PRAGMA writable_schema = ON",
    "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '')",
    "PRAGMA writable_schema = RESET",
)


@pytest.fixture(scope="session")
def lax_file() -> Iterator[Path]:
    """A database with empty tables that take anything; they take longer to make than to copy."""
    with memory_folder() as folder:
        path = folder / "lax.db"
        open_writer(path).close()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in NO_RULES:
                connection.execute(statement)
        yield path


@pytest.fixture
async def spoilt(lax_file: Path, tmp_path: Path) -> AsyncIterator[Spoilt]:
    path = Path(shutil.copy(lax_file, tmp_path / "chat.db"))
    with closing(sqlite3.connect(path, isolation_level=None)) as beside:
        beside.execute("PRAGMA ignore_check_constraints = ON")
        async with sqlite_store(path) as store:
            yield Spoilt(store, beside.execute)


async def test_a_text_that_is_no_utf_8_is_shown_as_far_as_it_is(spoilt: Spoilt) -> None:
    """Python itself would refuse to read the row and all others read with it, every time."""
    anna, bert = await register(spoilt.store, "anna", "bert")
    await say(spoilt.store, bert, pair(anna, bert), "hi", "hello")
    spoilt.run("UPDATE Entry SET body = CAST(x'6869ff' AS TEXT) WHERE at = 1")
    found = (await spoilt.store.log.read(anna, 0, 9)).entries
    assert [one.text for one in found] == ["hi\ufffd", "hello"]
    assert INCIDENTS.malformed["database"] == 1


@pytest.mark.parametrize("value", ["x'ff'", "1.5", "'abc'", "9000000000", "9e999"])
async def test_numbers_that_are_none_are_left_out(spoilt: Spoilt, value: str) -> None:
    """They are of another type, or beyond the range of an id."""
    store = spoilt.store
    (bert,) = await register(store, "bert")
    spoilt.run("INSERT INTO Friend VALUES ({}, {})", value, bert)
    assert await store.friends.listed_by(bert, 0, 1000) == []
    assert INCIDENTS.malformed["database"] == 1


@pytest.mark.parametrize("column", ["time_ms", "senderid", "conv", "kind"])
async def test_bytes_are_no_number(spoilt: Spoilt, column: str) -> None:
    """An entry with bytes instead of a number is skipped."""
    anna, bert = await register(spoilt.store, "anna", "bert")
    await say(spoilt.store, bert, pair(anna, bert), *"abc")
    spoilt.run("UPDATE Entry SET {} = x'6869' WHERE at = 2", column)
    reading = await spoilt.store.log.read(anna, 0, 3)
    assert ([one.at for one in reading.entries], reading.upto) == ([1, 3], 3)


async def test_bytes_are_shown_as_the_text_that_they_are(spoilt: Spoilt) -> None:
    """Invalid parts are replaced."""
    anna, bert = await register(spoilt.store, "anna", "bert")
    await say(spoilt.store, bert, pair(anna, bert), *"ab")
    spoilt.run("UPDATE Entry SET body = x'6869ff' WHERE at = 2")
    found = (await spoilt.store.log.read(anna, 0, 3)).entries
    assert [one.text for one in found] == ["a", "hi\ufffd"]


@pytest.mark.parametrize("how", ["DELETE FROM Log", "UPDATE Log SET head = 'x'"])
async def test_without_its_row_the_log_is_an_outage(spoilt: Spoilt, how: str) -> None:
    """Every read and write of the log gets TryAgain. What does not need the row goes on."""
    store = contained_store(spoilt.store)
    anna, bert = await register(store, "anna", "bert")
    spoilt.run(how)
    for step in (store.log.ends(), store.log.tail(0, 9), store.log.opening(anna)):
        with pytest.raises(TryAgain):
            await step
    batch = Batch((text(anna, pair(anna, bert)),), "epoch", 0, EntryRef())
    assert isinstance(await commit(spoilt.store, batch), TryAgain)
    assert await store.users.names([anna]) == {anna: "anna"}
