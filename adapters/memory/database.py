"""SQLite in memory, as the stores' common statements need it. (`adapters.sql.database`)"""

import sqlite3
import weakref
from functools import cache
from typing import TypeVar

from adapters.runtime.synchronous import run_synchronously
from adapters.sql.database import Work
from adapters.sql.reading import renew
from adapters.sqlite.database import SqliteConnection
from adapters.sqlite.opening import create_tables

T = TypeVar("T")


class MemoryDatabase:
    """Does all work at once, in the thread that asks for it."""

    def __init__(self) -> None:
        self.connection = _connect()
        _empty().backup(self.connection)
        self.do(renew)
        weakref.finalize(self, self.connection.close)  # `__del__` could find it deleted already

    async def read(self, work: Work[T]) -> T:
        return self.do(work)

    async def write(self, work: Work[T], *, repeatable: bool = False) -> T:  # noqa: ARG002
        execute = self.connection.execute
        execute("BEGIN")
        try:
            result = self.do(work)
        except BaseException:
            self.connection.rollback()
            raise
        execute("COMMIT")
        return result

    def do(self, work: Work[T]) -> T:
        """The result of work that is no transaction of its own, at once."""
        return run_synchronously(work(SqliteConnection(self.connection)))


def _connect() -> sqlite3.Connection:
    # whichever thread deletes it, closes it
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


@cache
def _empty() -> sqlite3.Connection:
    """A database with tables, which takes longer to make than to copy."""
    connection = _connect()
    create_tables(connection)
    return connection
