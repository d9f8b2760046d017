"""The rights of the users in docs/operations.md are those that they need, on a real server."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pymysql
import pytest

from adapters.faults.containment import contained_store
from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql import mysql_store
from adapters.mysql.managing import make_tables, upgrade_tables
from chat_domain.entries import EVERYWHERE, pair
from chat_domain.errors import TryAgain
from chat_domain.ports.store import Store
from entrypoints.services.database import DatabaseServer
from entrypoints.services.ports import LOOPBACK
from tests.contract.making import end, register, say
from tests.contract.making import make as make_group
from tests.contract.tokens import token
from tests.integration.cluster import Services
from tests.integration.database_server import Database
from tests.integration.manage import told
from tests.integration.mysql.rights import rights, url_of
from tests.integration.mysql.test_upgrade import restore
from tests.integration.server_process import ServerProcess

OF_NODES = ["SELECT", "INSERT", "UPDATE", "DELETE"]
OF_ADMIN = ["SELECT", "INSERT", "CREATE", "DROP", "ALTER"]


def names(without: str) -> tuple[str, str, str]:
    """A database and its two users, who both lack one right."""
    part = without.lower() or "all"
    return f"chat_rights_{part}", f"node_{part}", f"admin_{part}"


def setup() -> str:
    return "".join(
        rights(*names(without), without=without) for without in ("", *{*OF_NODES, *OF_ADMIN})
    )


@pytest.fixture(scope="module")
def guarded(home: Path) -> Iterator[DatabaseServer]:
    with Database(home / "guarded", fast=True, setup=setup()) as server:
        yield server


@pytest.fixture(autouse=True)
def _empty_databases(guarded: DatabaseServer) -> None:
    for without in ("", *{*OF_NODES, *OF_ADMIN}):
        database = names(without)[0]
        guarded.query(f"DROP DATABASE {database}; CREATE DATABASE {database}")


async def make(guarded: DatabaseServer, without: str = "") -> None:
    """Let an admin with all rights make the tables."""
    await make_tables(guarded.url(names(without)[0]))


async def test_the_admin_may_make_the_tables(guarded: DatabaseServer) -> None:
    database, _, admin = names("")
    assert await make_tables(url_of(admin, guarded.port, database))


async def test_the_admin_may_upgrade_those_of_the_original_server(guarded: DatabaseServer) -> None:
    database, node, admin = names("")
    restore(guarded.port, database)
    assert await upgrade_tables(url_of(admin, guarded.port, database)) is not None
    async with mysql_store(url_of(node, guarded.port, database)) as store:
        assert await store.users.page(0, 10)


@pytest.mark.parametrize("without", OF_ADMIN)
async def test_each_right_of_the_admin_is_needed(guarded: DatabaseServer, without: str) -> None:
    """It is needed to make the tables or to upgrade them. Without SELECT, no tables are visible."""
    with pytest.raises(StoreUnusable, match=r"denied|no tables"):
        await make_and_upgrade(guarded, *names(without))


async def make_and_upgrade(guarded: DatabaseServer, database: str, _: str, admin: str) -> None:
    url = url_of(admin, guarded.port, database)
    await make_tables(url)
    guarded.query(f"DROP DATABASE {database}; CREATE DATABASE {database}")
    restore(guarded.port, database)
    await upgrade_tables(url)


@asynccontextmanager
async def store_of(guarded: DatabaseServer, without: str = "") -> AsyncIterator[Store]:
    await make(guarded, without)
    database, node, _ = names(without)
    async with mysql_store(url_of(node, guarded.port, database)) as store:
        yield contained_store(store)


async def live(store: Store) -> None:
    """Do some of everything that nodes do; the contract's suite does all of it."""
    anna, bert = await register(store, "anna", "bert")
    await store.friends.add(anna, bert)
    await say(store, anna, pair(anna, bert), "hello")
    group = await make_group(store, "hikers", anna, bert)
    await end(store, group.id)
    await store.log.mark({(bert, EVERYWHERE): 1})
    await store.log.renew()
    await store.tokens.add(token("a", anna), sessions=1)
    await store.users.remove(bert)


async def test_nodes_may_do_what_they_do(guarded: DatabaseServer) -> None:
    async with store_of(guarded) as store:
        await live(store)


@pytest.mark.parametrize("without", OF_NODES)
async def test_each_right_of_the_nodes_is_needed(guarded: DatabaseServer, without: str) -> None:
    with pytest.raises((TryAgain, StoreUnusable)) as refused:
        async with store_of(guarded, without) as store:
            await live(store)
    why = first_cause(refused.value)
    assert "denied" in why or "no tables" in why


def first_cause(error: BaseException) -> str:
    return first_cause(error.__cause__) if error.__cause__ else str(error)


REFUSED = [
    "DROP TABLE User",
    "ALTER TABLE User ADD COLUMN x INT",
    "CREATE TABLE x (x INT)",
    "CREATE INDEX x ON User (name)",
    "RENAME TABLE User TO x",
    "TRUNCATE TABLE Entry",
    "LOCK TABLES User WRITE",
    "CREATE TRIGGER x BEFORE INSERT ON User FOR EACH ROW SET @x = 1",
    "CREATE VIEW x AS SELECT 1",
    "CREATE TEMPORARY TABLE x (x INT)",
    "SELECT * FROM mysql.user",
    "SELECT * FROM chat.User",
    "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/tmp/x'",
    "SET GLOBAL max_connections = 1",
    "CREATE USER x",
    "GRANT SELECT ON *.* TO x",
    "SHUTDOWN",
]


async def test_whatever_else_a_node_asks_is_refused(guarded: DatabaseServer) -> None:
    """So nobody with its password can drop the tables or reach anything else."""
    await make(guarded)
    database, node, _ = names("")
    with pymysql.connect(
        host=LOOPBACK, port=guarded.port, user=node, password="PASSWORD", database=database
    ) as connection:
        for statement in REFUSED:
            with connection.cursor() as cursor, pytest.raises(pymysql.err.MySQLError) as refused:
                cursor.execute(statement)
            assert re.search("denied|do not have the SUPER", str(refused.value)), statement


async def test_a_server_and_manage_live_on_the_nodes_rights(
    guarded: DatabaseServer, cluster_services: Services
) -> None:
    """They need the admin's rights only for `init-db`."""
    database, node, admin = names("")
    store = ["--store", url_of(admin, guarded.port, database)]
    assert told("init-db", options=store)["made"]
    options = [
        *("--store", url_of(node, guarded.port, database)),
        *("--broker", cluster_services.redis.url(), "--broker-prefix", database),
        *("--hashing", "cheap"),
    ]
    with ServerProcess(*options[1:]) as server:
        anna = told("add", "Anna", options=options, stdin="secret\n")
        told("set-password", "Anna", options=options, stdin="other\n")
        told("disable", "Anna", options=options)
        told("enable", "Anna", options=options)
        assert told("export", "Anna", options=options)["name"] == "Anna"
        told("delete", "--yes", "--with-sent", str(anna["id"]), options=options)
        told("after-restore", options=options)
        assert told("list", options=options)["users"] == []
        assert "denied" not in server.log
