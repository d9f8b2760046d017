"""Rows that no node has written, in a MariaDB whose tables somebody has altered."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.contained import contained_store
from adapters.incidents import INCIDENTS
from adapters.mysql import mysql_store
from chat_domain.errors import TryAgain
from chat_domain.model import Outcome
from chat_domain.ports.store import Store
from entrypoints.services.mariadb import MariaDB
from tests.contract import CAPACITY
from tests.contract.bad_rows import *  # noqa: F403  # the tests, for the store of this folder
from tests.contract.bad_rows import CREATED, Spoilt
from tests.contract.making import message, outcomes, register, send
from tests.integration.mysql.conftest import Ask, make_tables

ALTERED = {
    "User": "MODIFY name VARCHAR(500) NULL, MODIFY password TEXT NULL",
    "AllGroup": "MODIFY groupname VARCHAR(500) NULL, MODIFY groupdesc MEDIUMTEXT NULL",
    "GroupUser": "MODIFY grouprole VARCHAR(50) NULL",
    "OfflineMessage": (
        "MODIFY message MEDIUMTEXT NULL, MODIFY sendername VARCHAR(500) NULL,"
        " MODIFY senderid BIGINT NULL, MODIFY groupid BIGINT NULL, MODIFY time_ms BIGINT NULL,"
        " MODIFY cid VARCHAR(100) NULL"
    ),
}


@pytest.fixture
async def spoilt(ask: Ask, database: str, mariadb: MariaDB) -> AsyncIterator[Spoilt]:
    make_tables(ask, database)
    ask("SET sql_mode = ''")
    for table, changes in ALTERED.items():
        ask(f"ALTER TABLE {table} {changes}")
    async with mysql_store(mariadb.url(database), mailbox_capacity=CAPACITY) as store:
        yield Spoilt(store, ask)
    ask("SET sql_mode = DEFAULT")


async def test_an_enumeration_s_empty_value_is_the_lesser_role(store: Store, ask: Ask) -> None:
    """As a server without a strict mode keeps whatever is none of the others."""
    (anna,) = await register(store, "anna")
    group = await store.groups.create(CREATED, "", anna)
    ask("SET sql_mode = ''")
    ask("UPDATE chat.GroupUser SET grouprole = 'emperor'")
    ask("SET sql_mode = DEFAULT")
    assert ask("SELECT grouprole FROM chat.GroupUser") == [("",)]
    (member,) = await store.groups.members(group.id, 0, 10)
    assert member.role.value == "normal"
    assert INCIDENTS.malformed["database"] == 1


async def test_a_table_that_is_gone_is_an_outage(spoilt: Spoilt) -> None:
    """For whoever asks of it, and as long as it is gone; the others go on."""
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


async def test_a_column_that_takes_less_fails_its_own_messages_alone(spoilt: Spoilt) -> None:
    """Those that fit are stored; the sender of the other one is told to try again."""
    store = contained_store(spoilt.store)
    (anna,) = await register(store, "anna")
    spoilt.run("ALTER TABLE OfflineMessage MODIFY message VARCHAR(10) NULL")
    adding = [send(store, anna, message("m1")), send(store, anna, message("m2", "x" * 11))]
    stored, refused = await asyncio.gather(*adding, return_exceptions=True)
    assert outcomes(stored) == [Outcome.STORED]  # type: ignore[arg-type]
    assert isinstance(refused, TryAgain)
