"""One private MariaDB for all tests of this folder.

Tests that only use the tables share a database, which each of them finds empty: to make the tables
takes a quarter of a second. Tests that do something to the tables have a database of their own.
"""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator

import pymysql
import pytest

from adapters.mysql import mysql_store
from adapters.mysql.schema import OUR_TABLES, statements
from chat_domain.ports import Store
from entrypoints.services.mariadb import DATABASE, PASSWORD, USER, MariaDB
from entrypoints.services.ports import LOOPBACK
from tests.contract import CAPACITY

_numbers = itertools.count(1)

Ask = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with MariaDB(tmp_path_factory.mktemp("mariadb"), fast=True) as server:
        yield server


@pytest.fixture(scope="session")
def ask(mariadb: MariaDB) -> Iterator[Ask]:
    """What the server answers to a statement. Needs no event loop, and goes behind our back."""
    with pymysql.connect(
        host=LOOPBACK, port=mariadb.port, user=USER, password=PASSWORD, autocommit=True
    ) as connection:

        def _ask(sql: str) -> list[tuple[object, ...]]:
            connection.ping()  # again, if a test has restarted the server
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall())

        yield _ask


@pytest.fixture
def database(ask: Ask) -> Iterator[str]:
    """The name of a database without tables."""
    name = f"{DATABASE}_{next(_numbers)}"
    ask(f"CREATE DATABASE {name}")
    yield name
    ask(f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def tables(ask: Ask, mariadb: MariaDB) -> str:
    """The address of a database with our tables."""
    ask(f"USE {DATABASE}")
    for statement in statements():
        ask(statement)
    return mariadb.url()


@pytest.fixture
def url(tables: str, ask: Ask) -> str:
    """The same, where nobody has registered."""
    for table in OUR_TABLES:
        if table != "SchemaVersion":
            ask(f"DELETE FROM {DATABASE}.{table}")  # noqa: S608  # constants
    return tables


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with mysql_store(url, mailbox_capacity=CAPACITY) as opened:
        yield opened
