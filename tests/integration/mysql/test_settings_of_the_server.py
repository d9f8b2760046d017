"""What a server gives to each session, for people who type statements, is not given to nodes."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from adapters.mysql import mysql_store
from adapters.mysql.address import Address
from adapters.mysql.failures import Conflict
from adapters.mysql.link import connect
from adapters.mysql.managing import make_tables
from adapters.mysql.schema import statements
from chat_domain.entries import pair
from entrypoints.services.database import DATABASE, DatabaseServer
from tests.contract.making import register, say
from tests.eventually import PATIENCE
from tests.integration.database_server import MYSQLD, Database

from .conftest import Ask

SAFE = (
    "SET autocommit = 0, completion_type = 2, sql_safe_updates = 1, sql_select_limit = 1,"
    " max_join_size = 4"
)


async def by_client(server: DatabaseServer) -> None:
    server.query("".join(f"{statement};\n" for statement in statements()), DATABASE)


async def by_init_db(server: DatabaseServer) -> None:
    assert await make_tables(server.url())


@pytest.mark.parametrize("make", [by_client, by_init_db])
async def test_tables_are_made_and_used_whatever_sessions_begin_with(
    home: Path, make: Callable[[DatabaseServer], Awaitable[None]]
) -> None:
    """All is committed, no statement is refused, and no result is cut."""
    options = [f"--init-connect={SAFE}"]
    with Database(home / make.__name__, fast=True, options=options) as server:
        await make(server)
        async with mysql_store(server.url()) as store:
            ann, bob = await register(store, "Ann", "Bob")
            await say(store, ann, pair(ann, bob), "one", "two")
            await store.log.renew()
            assert len((await store.log.tail(0, 10)).entries) == 2
        async with mysql_store(server.url()) as store:
            assert [entry.text for entry in (await store.log.read(bob, 0, 10)).entries] == [
                "one",
                "two",
            ]


async def test_what_is_unique_is_checked_whatever_sessions_begin_with(home: Path) -> None:
    options = ["--init-connect=SET unique_checks = 0"]
    with Database(home / "unique", fast=True, options=options) as server:
        link = await connect(Address.parse(server.url()))
        assert await link.rows("SELECT @@unique_checks") == [(1,)]
        await link.close()


async def test_a_table_that_is_locked_is_not_waited_for_for_ever(url: str, ask: Ask) -> None:
    """The wait ends in the server, too, so that no connection of those who gave up stays there."""
    link = await connect(Address.parse(url))
    ask("LOCK TABLES chat.Entry WRITE")
    try:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Conflict):
                await link.rows("SELECT * FROM Entry")
    finally:
        ask("UNLOCK TABLES")
        await link.close()


@pytest.mark.skipif(bool(MYSQLD), reason="MySQL has no such limit for statements that write")
async def test_a_server_that_ends_long_statements_does_not_end_a_new_epoch(
    url: str, ask: Ask
) -> None:
    """It goes through all users and members, which may take longer. Here, a trigger does."""
    ask("CREATE TRIGGER chat.slow BEFORE UPDATE ON chat.Log FOR EACH ROW DO SLEEP(0.5)")
    ask("SET GLOBAL max_statement_time = 0.1")
    try:
        async with mysql_store(url) as store:
            epoch = await store.log.renew()
            assert (await store.log.ends()).epoch == epoch
    finally:
        ask("SET GLOBAL max_statement_time = 0")
        ask("DROP TRIGGER chat.slow")
