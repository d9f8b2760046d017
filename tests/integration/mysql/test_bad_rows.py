"""Rows that no node has written, in a database whose tables somebody has altered."""

from collections.abc import AsyncIterator

import pytest

from adapters.faults.containment import contained_store
from adapters.faults.incidents import INCIDENTS
from adapters.mysql import mysql_store
from chat_domain.entries import pair
from chat_domain.errors import TryAgain
from chat_domain.ports.log import Committed
from chat_domain.ports.store import Store
from entrypoints.services.database import DatabaseServer
from tests.contract.bad_rows import *  # noqa: F403  # the tests, for the store of this folder
from tests.contract.bad_rows import Spoilt
from tests.contract.log import batch
from tests.contract.making import commit, make, register, text
from tests.integration.mysql.conftest import Ask, make_tables

ALTERED = {
    "User": "MODIFY name VARCHAR(500) NULL, MODIFY password TEXT NULL, MODIFY got BIGINT NULL",
    "AllGroup": "MODIFY groupname VARCHAR(500) NULL, MODIFY groupdesc MEDIUMTEXT NULL",
    "Member": "MODIFY role VARCHAR(50) NULL, MODIFY since BIGINT NULL",
    "Entry": (
        "MODIFY conv BIGINT NULL, MODIFY kind TINYINT NULL, MODIFY senderid BIGINT NULL,"
        " MODIFY cid VARBINARY(100) NULL, MODIFY time_ms BIGINT NULL, MODIFY re BIGINT NULL,"
        " MODIFY body MEDIUMTEXT NULL"
    ),
}


@pytest.fixture
async def spoilt(ask: Ask, database: str, database_server: DatabaseServer) -> AsyncIterator[Spoilt]:
    make_tables(ask, database)
    ask("SET sql_mode = ''")
    for table, changes in ALTERED.items():
        ask(f"ALTER TABLE {table} {changes}")
    async with mysql_store(database_server.url(database)) as store:
        yield Spoilt(store, ask)
    ask("SET sql_mode = DEFAULT")


async def test_an_enumeration_s_empty_value_is_the_lesser_role(store: Store, ask: Ask) -> None:
    """A server without strict mode stores it for any value that is not in the enumeration."""
    (anna,) = await register(store, "anna")
    group = await make(store, "hikers", anna)
    ask("SET sql_mode = ''")
    ask("UPDATE chat.Member SET role = 'emperor'")
    ask("SET sql_mode = DEFAULT")
    assert ask("SELECT role FROM chat.Member") == [("",)]
    (member,) = await store.groups.members(group.id, 0, 10)
    assert member.role.value == "normal"
    assert INCIDENTS.malformed["database"] == 1


async def test_a_table_that_is_gone_is_an_outage(spoilt: Spoilt) -> None:
    """Calls that need it fail as long as it is gone; all others go on."""
    store = contained_store(spoilt.store)
    anna, bert = await register(store, "anna", "bert")
    spoilt.run("RENAME TABLE Friend TO Elsewhere")
    for _ in range(2):
        with pytest.raises(TryAgain):
            await store.friends.add(anna, bert)
    assert await store.users.names([anna]) == {anna: "anna"}
    assert INCIDENTS.defects["store"] == 2
    spoilt.run("RENAME TABLE Elsewhere TO Friend")
    await store.friends.add(anna, bert)


async def test_a_column_that_takes_less_fails_its_own_batch(spoilt: Spoilt) -> None:
    """The writer is told to try again, the operator is told of a defect, and what fits is
    committed."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    spoilt.run("ALTER TABLE Entry MODIFY body VARCHAR(10) NULL")
    long = await batch(store, text(anna, pair(anna, bert), "x" * 11))
    assert isinstance(await commit(store, long), TryAgain)
    assert INCIDENTS.defects["mysql log"] == 1
    short = await batch(store, text(anna, pair(anna, bert), "x" * 10))
    assert await commit(store, short) == Committed()
    assert short.entries[0].at == 1


async def test_rows_above_the_head_are_not_written_over(spoilt: Spoilt) -> None:
    """Nothing can be appended while rows are there that somebody put in, and the log says so."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    spoilt.run(
        "INSERT INTO Entry (at, conv, kind, senderid, cid, time_ms, body) VALUES"
        " (1, 1, 0, 1, 'x', 1, 'mine')"
    )
    for _ in range(2):
        said = await batch(store, text(anna, pair(anna, bert)))
        assert isinstance(await commit(store, said), TryAgain)
    assert INCIDENTS.defects["mysql log"] == 2
    assert (await store.log.ends()).head == 0
    spoilt.run("DELETE FROM Entry")
    assert await commit(store, said) == Committed()
