"""SQLite, as the stores' common statements need it. (`adapters.sql.database`)"""

import json
import sqlite3
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import attrs

from adapters.runtime.synchronous import run_synchronously
from adapters.sql.database import Dialect, Row, Work
from adapters.sql.numbers import all_bounded
from adapters.sqlite.worker import Worker
from chat_domain.entries import FOREVER, TEXT
from chat_domain.model import MOST_UNREAD

T = TypeVar("T")

# The inner limit keeps SQLite from merging the two SELECTs, and computing `first` several times.
_FIRST = (
    "SELECT min(at) FROM Entry WHERE Entry.conv = Member.conv AND at > max(coalesce(since, 0), ?)"
)
_BEHIND = (
    "SELECT conv, since, `left` FROM"  # noqa: S608  # constants
    f" (SELECT conv, since, `left`, ({_FIRST}) AS first FROM Member"
    f" WHERE userid = ? AND `left` > ? LIMIT {FOREVER})"
    " WHERE first <= `left` ORDER BY first LIMIT ?"
)


@attrs.define
class SqliteConnection:
    """Nothing else writes, so nothing has to be locked."""

    dialect: ClassVar = Dialect(
        still_is="password = ?",
        key_has="instr(namekey, ?)",
        unless_there="ON CONFLICT DO NOTHING",
        some_tokens="WHERE digest IN (SELECT digest FROM Token LIMIT ?)",
        first_expired=(
            "WHERE digest IN (SELECT digest FROM Token"
            " WHERE expires_ms <= ? ORDER BY expires_ms, digest LIMIT ?)"
        ),
        unread=(
            "(SELECT count(*) FROM (SELECT 1 FROM Entry WHERE Entry.conv = page.conv"  # noqa: S608
            " AND at > max(page.since, page.`read`) AND at <= page.`left`"
            f" AND kind = {TEXT} AND senderid <> page.userid LIMIT {MOST_UNREAD}))"
        ),
    )

    _connection: sqlite3.Connection

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[Row]:
        """A connection decodes texts by a function of ours that accepts any bytes
        (`opening.connect`). Nearly all are UTF-8, which Python decodes without that call. So it is
        used only if one is not: then the statement, which only reads, is executed again."""
        connection, args = self._connection, all_bounded(args)
        lenient, connection.text_factory = connection.text_factory, str
        try:
            return list(connection.execute(sql, args))
        except sqlite3.OperationalError as error:
            if hasattr(error, "sqlite_errorcode"):  # SQLite's own error, not one of decoding
                raise
        finally:
            connection.text_factory = lenient
        return list(connection.execute(sql, args))

    async def rows_in(self, sql: str, values: Sequence[int]) -> list[Row]:
        # as one JSON parameter, since the number of parameters has a limit
        query = f"{sql} (SELECT value FROM json_each(?))"  # noqa: S608  # constants
        return await self.rows(query, (json.dumps(values),))

    async def rows_in_pairs(self, sql: str, pairs: Sequence[tuple[str, int]]) -> list[Row]:
        pair = "json_extract(value, '$[0]'), json_extract(value, '$[1]')"
        query = f"{sql} (SELECT {pair} FROM json_each(?))"  # noqa: S608  # constants
        return await self.rows(query, (json.dumps(pairs),))

    async def integers(self, sql: str, every: Sequence[Sequence[int]]) -> list[list[int]]:
        """One statement for all of them: for each statement the interpreter's lock is released, and
        a busy loop returns it late."""
        first, *others = sql.split("?")
        places = (f"json_extract(value, '$[{n}]'){other}" for n, other in enumerate(others))
        one = f"(SELECT json_group_array(one) FROM ({first}{''.join(places)}))"  # noqa: S608
        query = f"SELECT {one} FROM json_each(?) ORDER BY key"  # noqa: S608  # constants
        return [json.loads(found) for (found,) in await self.rows(query, (json.dumps(every),))]

    async def behind(self, user_id: int, after: int, limit: int) -> list[Row]:
        """The first `limit` entries are in the conversations whose next entries come first."""
        return await self.rows(_BEHIND, (after, user_id, after, limit))

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        return self._connection.execute(sql, all_bounded(args)).rowcount

    async def change_in(self, sql: str, values: Sequence[int | str]) -> None:
        self._connection.executemany(f"{sql} (?)", [(value,) for value in values])

    async def change_each(self, sql: str, every: Sequence[Sequence[Any]]) -> None:
        self._connection.executemany(sql, every)

    async def insert_unique(self, table: str, row: Mapping[str, int | str]) -> int | None:
        added = await self.rows(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
            " ON CONFLICT DO NOTHING RETURNING id",
            tuple(row.values()),
        )
        return added[0][0] if added else None

    async def update_unique(self, sql: str, args: Sequence[Any]) -> bool:
        try:
            await self.change(sql, args)
        except sqlite3.IntegrityError:  # which undoes only this statement
            return False
        return True

    async def skip_ids(self, table: str, number: int) -> None:
        skip = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?"
        if not await self.change(skip, (number, table)):  # the table has never had a row
            await self.change("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, number))

    async def lock_user(self, user_id: int) -> None:
        pass


@attrs.frozen
class SqliteDatabase:
    _reader: Worker
    _writer: Worker

    def read(self, work: Work[T]) -> Awaitable[T]:
        return self._reader.run(_do, work)

    def write(
        self,
        work: Work[T],
        *,
        repeatable: bool = False,  # noqa: ARG002  # whether it was committed is always known
    ) -> Awaitable[T]:
        return self._writer.run(_do, work)


def _do(connection: sqlite3.Connection, work: Work[T]) -> T:
    # This connection never waits.
    return run_synchronously(work(SqliteConnection(connection)))
