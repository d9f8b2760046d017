"""SQLite, as the stores' common statements ask for it. (`adapters.sql.database`)"""

import json
import sqlite3
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar, TypeVarTuple

import attrs

from adapters.sql.database import Words, Work
from adapters.sqlite.worker import Worker

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_PLACE = "(SELECT ifnull(max(joined), 0) + 1 FROM GroupUser WHERE groupid = AllGroup.id)"
_HEIR = "SELECT groupid, userid FROM GroupUser WHERE groupid = ? ORDER BY joined, userid LIMIT 1"


@attrs.define
class SqliteConnection:
    """Nobody else writes, so nothing has to be locked."""

    words: ClassVar = Words(
        still_is="password = ?",
        key_has="instr(namekey, ?)",
        unless_there="ON CONFLICT DO NOTHING",
        some_tokens="WHERE digest IN (SELECT digest FROM Token LIMIT ?)",
        heir=f"(groupid, userid) = ({_HEIR})",
        place=_PLACE,
        new_group={},
    )

    _connection: sqlite3.Connection

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, args).fetchall()

    async def rows_in(self, sql: str, values: Sequence[int]) -> list[tuple[Any, ...]]:
        # as one JSON parameter, since the number of parameters has a limit
        query = f"{sql} (SELECT value FROM json_each(?))"  # noqa: S608  # constants
        return await self.rows(query, (json.dumps(values),))

    async def ids(self, column: str, source: str, of: int) -> list[int]:
        """Gathered into one row: the interpreter's lock is given away for every row that is
        fetched, and a busy loop returns it late, so hundreds of ids come sooner."""
        integer = f"CASE typeof({column}) WHEN 'integer' THEN {column} END"  # JSON has no blobs
        query = f"SELECT json_group_array({integer}) FROM {source}"  # noqa: S608  # constants
        ((gathered,),) = await self.rows(query, (of,))
        return list(json.loads(gathered))

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        return self._connection.execute(sql, args).rowcount

    async def change_in(self, sql: str, values: Sequence[int | str]) -> None:
        self._connection.executemany(f"{sql} (?)", [(value,) for value in values])

    async def add_named(self, table: str, row: Mapping[str, int | str]) -> int | None:
        added = await self.rows(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
            " ON CONFLICT DO NOTHING RETURNING id",
            tuple(row.values()),
        )
        return added[0][0] if added else None

    async def change_named(self, sql: str, args: Sequence[Any]) -> bool:
        try:
            await self.change(sql, args)
        except sqlite3.IntegrityError:  # which undoes this statement alone
            return False
        return True

    async def skip_ids(self, table: str, number: int) -> None:
        skip = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?"
        if not await self.change(skip, (number, table)):  # it has never had a row
            await self.change("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, number))

    async def lock_user(self, user_id: int) -> None:
        pass

    async def change_group(self, group_id: int) -> bool:
        return bool(await self.rows("SELECT 1 FROM AllGroup WHERE id = ?", (group_id,)))


@attrs.frozen
class SqliteDatabase:
    _reader: Worker
    _writer: Worker

    def read(self, work: Work[*Ts, T], *args: *Ts) -> Awaitable[T]:
        return self._reader.run(_do, work, args)

    def write(
        self,
        work: Work[*Ts, T],
        *args: *Ts,
        repeatable: bool = False,  # noqa: ARG002  # whether it was committed is never in doubt
    ) -> Awaitable[T]:
        return self._writer.run(_do, work, args)


def _do(connection: sqlite3.Connection, work: Work[*Ts, T], args: tuple[*Ts]) -> T:
    """Do the work in one go, in the worker's thread: this connection lets nobody wait."""
    doing = work(SqliteConnection(connection), *args)
    try:
        doing.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    doing.close()
    raise RuntimeError("work for SQLite waits for something else")
