"""MySQL, as the stores' common statements need it. (`adapters.sql.database`)"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import attrs
from pymysql.err import IntegrityError

from adapters.mysql.batching import batches, flatten, placeholders, statement_batches
from adapters.mysql.link import Link
from adapters.mysql.pool import Pool
from adapters.sql.database import UNIQUE, Dialect, Row, Work
from adapters.sql.numbers import all_bounded

T = TypeVar("T")

AT_ONCE = 1000  # values in one statement
SELECTS = 250  # in one statement
MANY = 100  # conversations; with more, a further statement that leaves some out is worth its cost
ENDS = 500  # conversations whose ends are read at once: MariaDB makes a join of an IN with 1,000

_ALL_OF = "SELECT GROUP_CONCAT(which, ' ', one) FROM ({}) AS every_one"
_TEXTS = {
    "User": ("name", "namekey", "password"),
    "AllGroup": ("groupname", "namekey", "groupdesc"),
}


@attrs.frozen
class MySqlConnection:
    dialect: ClassVar = Dialect(
        # binary: otherwise trailing spaces would make no difference
        still_is="CAST(password AS BINARY) = ?",
        key_has="INSTR(namekey, CAST(? AS BINARY)) > 0",
        unless_there="ON DUPLICATE KEY UPDATE userid = userid",
        some_tokens="ORDER BY digest LIMIT ?",
        first_expired="WHERE expires_ms <= ? ORDER BY expires_ms, digest LIMIT ?",
    )

    _link: Link

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[Row]:
        return await self._link.rows(sql.replace("?", "%s"), all_bounded(args))

    async def rows_in(self, sql: str, values: Sequence[int]) -> list[Row]:
        return await self._rows_in(sql, values, "%s")

    async def rows_in_pairs(self, sql: str, pairs: Sequence[tuple[str, int]]) -> list[Row]:
        return await self._rows_in(sql, pairs, "(%s,%s)")

    async def _rows_in(self, sql: str, values: Sequence[Any], mark: str) -> list[Row]:
        found: list[Row] = []
        for some in batches(values, AT_ONCE):
            args = some if mark == "%s" else flatten(some)
            found += await self._link.rows(f"{sql} ({','.join([mark] * len(some))})", args)
        return found

    async def integers(self, sql: str, every: Sequence[Sequence[int]]) -> list[list[int]]:
        """As one row with all of it: the driver takes longer for a row than the database does."""
        found: list[list[int]] = [[] for _ in every]
        begun = sql.replace("?", "%d").removeprefix("SELECT ")
        for some in batches(range(len(every)), SELECTS):
            selects = (f"(SELECT {n:d} AS which, {begun % tuple(every[n])})" for n in some)
            ((pairs,),) = await self._link.rows(_ALL_OF.format(" UNION ALL ".join(selects)))
            for pair in pairs.split(",") if pairs else ():
                which, _, one = pair.partition(" ")
                found[int(which)].append(int(one))
        return found

    async def behind(self, user_id: int, after: int, limit: int) -> list[Row]:  # noqa: ARG002
        """All conversations, unless they are many: an index gives the ends of hundreds of them in
        one statement."""
        members = "SELECT conv, since, `left` FROM Member WHERE userid = ? AND `left` > ?"
        rows = await self.rows(members, (user_id, after))
        if len(rows) <= MANY:
            return rows
        newest: dict[int, int] = {}
        for some in batches(sorted(conv for conv, *_ in rows), ENDS):
            query = f"SELECT conv, MAX(at) FROM Entry WHERE conv IN ({placeholders(len(some))})"  # noqa: S608
            newest.update(await self._link.rows(f"{query} GROUP BY conv", some))
        return [row for row in rows if newest.get(row[0], 0) > after]

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        return (await self._link.change(sql.replace("?", "%s"), all_bounded(args))).rows

    async def change_in(self, sql: str, values: Sequence[int | str]) -> None:
        for some in batches(values, AT_ONCE):
            await self._link.change(f"{sql} ({placeholders(len(some))})", some)

    async def change_each(self, sql: str, every: Sequence[Sequence[Any]]) -> None:
        if not sql.startswith("INSERT "):
            for args in every:
                await self.change(sql, args)
            return
        begun, _, values = sql.partition(" VALUES ")
        row, bracket, behind = values.replace("?", "%s").partition(")")
        for some in statement_batches(every):
            rows = ",".join([row + bracket] * len(some))
            await self._link.change(f"{begun} VALUES {rows}{behind}", flatten(some))

    async def insert_unique(self, table: str, row: Mapping[str, int | str]) -> int | None:
        # looked up first, since a row that is refused by its key uses up an id all the same;
        # in three SELECTs, since no server reliably uses several indexes for an OR
        same = (f"SELECT 1 FROM {table} WHERE {column} = ?" for column in UNIQUE)  # noqa: S608
        if await self.rows(" UNION ALL ".join(same), [row[column] for column in UNIQUE]):
            return None
        try:
            return await self._insert(table, row)
        except IntegrityError:
            return None

    async def update_unique(self, sql: str, args: Sequence[Any]) -> bool:
        try:
            await self.change(sql, args)
        except IntegrityError:  # which undoes this statement alone
            return False
        return True

    async def skip_ids(self, table: str, number: int) -> None:
        """The server counts on from the highest id that a row has had. So two rows are inserted and
        deleted in one transaction: that needs no right to alter tables."""
        nobody: dict[str, int | str] = dict.fromkeys(_TEXTS[table], "")
        delete = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608  # constants
        first = await self._insert(table, nobody)
        await self.change(delete, (first,))
        last = first + number
        await self._insert(table, nobody | {"id": last})
        await self.change(delete, (last,))

    async def _insert(self, table: str, row: Mapping[str, int | str]) -> int:
        insert = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({placeholders(len(row))})"  # noqa: S608
        return (await self._link.change(insert, tuple(row.values()))).last_id

    async def lock_user(self, user_id: int) -> None:
        await self.rows("SELECT 1 FROM User WHERE id = ? FOR UPDATE", (user_id,))


@attrs.frozen
class MySqlDatabase:
    _pool: Pool

    def read(self, work: Work[T]) -> Awaitable[T]:
        return self._pool.read(_do, work)

    def write(self, work: Work[T], *, repeatable: bool = False) -> Awaitable[T]:
        return self._pool.write(_do, work, repeatable=repeatable)


async def _do(link: Link, work: Work[T]) -> T:
    return await work(MySqlConnection(link))
