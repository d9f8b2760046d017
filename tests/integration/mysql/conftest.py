"""One private server for all tests of this folder.

Tests that only use the tables share a database, which each of them finds empty: to make the tables
takes a quarter of a second. Tests that do something to the tables have a database of their own.
"""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pymysql
import pytest

from adapters.mysql import mysql_store
from adapters.mysql.schema import OUR_TABLES, statements
from chat_domain.ports.store import Store
from entrypoints.services.database import DATABASE, PASSWORD, USER, DatabaseServer
from entrypoints.services.ports import LOOPBACK
from tests.integration.database_server import LOOKING_ON, Database
from tests.integration.mysql.rights import rights, url_of

_numbers = itertools.count(1)

Ask = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="session")
def database_server(home: Path) -> Iterator[DatabaseServer]:
    # Commits outlive the process, which some tests kill. A list may be as long as MySQL's default
    # allows, which is a thousandth of MariaDB's.
    options = ["--innodb-flush-log-at-trx-commit=2", "--group-concat-max-len=1024"]
    # the tests' own user may end the connections of the nodes' user, and keep it from writing
    setup = rights(DATABASE, "node", "admin") + f"GRANT {LOOKING_ON} ON *.* TO '{USER}'@'%';\n"
    with Database(home / "shared", fast=True, options=options, setup=setup) as server:
        yield server


class Admin:
    """The tests' own connection, in no database, which outlives restarts of the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = self._connect()

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        try:
            return self._ask(sql)
        except (pymysql.err.OperationalError, pymysql.err.InterfaceError):
            self.close()
            self._connection = self._connect()
            return self._ask(sql)

    def close(self) -> None:
        with suppress(pymysql.err.Error):
            self._connection.close()

    def _ask(self, sql: str) -> list[tuple[object, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def _connect(self) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            host=LOOPBACK, port=self._port, user=USER, password=PASSWORD, autocommit=True
        )


@pytest.fixture(scope="session")
def ask(database_server: DatabaseServer) -> Iterator[Ask]:
    """Returns the server's answer to a statement. Needs no event loop, and bypasses our stores."""
    admin = Admin(database_server.port)
    yield admin.ask
    admin.close()


def make_tables(ask: Ask, database: str) -> None:
    for statement in (f"USE {database}", *statements()):
        ask(statement)


@pytest.fixture
def database(ask: Ask) -> Iterator[str]:
    """The name of a database without tables."""
    name = f"{DATABASE}_{next(_numbers)}"
    ask(f"CREATE DATABASE {name}")
    yield name
    ask(f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def tables(ask: Ask, database_server: DatabaseServer) -> str:
    """The address of a database with our tables."""
    make_tables(ask, DATABASE)
    return database_server.url()


def counted(ask: Ask, *variables: str) -> int:
    """The sum of these variables of the server's status."""
    rows = ask("SHOW GLOBAL STATUS")
    return sum(int(str(number)) for name, number in rows if name in variables)


def times_locked_out(ask: Ask) -> int:
    """How often a connection has begun to wait for a lock."""
    return counted(ask, "Innodb_row_lock_waits")


def times_updated(ask: Ask) -> int:
    """How many UPDATEs there were, of one table or of several."""
    return counted(ask, "Com_update", "Com_update_multi")


def empty(ask: Ask) -> None:
    """Empty the shared database."""
    for table in OUR_TABLES:
        if table not in ("SchemaVersion", "Log", "LogEnds"):
            ask(f"DELETE FROM {DATABASE}.{table}")  # noqa: S608  # constants
    ask(f"UPDATE {DATABASE}.Log SET head = 0, changed = 0")  # noqa: S608  # a constant
    ask(f"UPDATE {DATABASE}.LogEnds SET oldest = 1")  # noqa: S608  # a constant


@pytest.fixture
def url(tables: str, ask: Ask) -> str:
    """The same, but empty."""
    empty(ask)
    return tables


@pytest.fixture
async def neighbour(url: str) -> AsyncIterator[Store]:
    """The store of another node on the same database."""
    async with mysql_store(url) as opened:
        yield opened


@pytest.fixture
async def store(url: str, database_server: DatabaseServer) -> AsyncIterator[Store]:
    """A store whose user has the rights that the documentation gives to nodes, and no others."""
    assert url == database_server.url()
    url = url_of("node", database_server.port, DATABASE)
    async with mysql_store(url) as opened:
        yield opened
