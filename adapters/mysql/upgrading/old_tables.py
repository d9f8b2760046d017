"""Reading the tables of the C++ server."""

import re
from collections.abc import AsyncIterator
from typing import Any

import attrs

from adapters.mysql.link import Link
from adapters.mysql.upgrading.names import ORIGINALS, Names
from adapters.mysql.upgrading.texts import recovered

GUESSED = ("latin1", "utf8", "binary")  # of columns whose texts may not be what the column says
_COUNTER = re.compile(r"\bAUTO_INCREMENT=(\d+)")


@attrs.define
class OldTables:
    """Each table is read in one pass, row by row, in the order in which the database keeps its
    rows: for a table without a key, that is the order in which they were stored."""

    _link: Link
    _names: Names
    _charsets: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)

    async def read_charsets(self) -> None:
        for table, column, charset in await self._link.rows(
            "SELECT TABLE_NAME, COLUMN_NAME, CHARACTER_SET_NAME FROM information_schema.COLUMNS"
            " WHERE TABLE_SCHEMA = DATABASE() AND CHARACTER_SET_NAME IS NOT NULL"
        ):
            self._charsets[table, column.lower()] = charset

    async def rows(
        self, ours: str, *columns: str, texts: tuple[str, ...] = (), order: str = ""
    ) -> AsyncIterator[tuple[Any, ...]]:
        """These columns of the old form of `ours`; texts come last, as (text, bytes) or None."""
        table = self._names.source(ours)
        if table is None:
            return
        wanted = [*columns, *(self._bytes(table, column) for column in texts)]
        query = f"SELECT {', '.join(wanted)} FROM `{table}`{order}"  # noqa: S608  # constants
        async for row in self._link.stream(query):
            numbers, raws = row[: len(columns)], row[len(columns) :]
            pairs = zip(texts, raws, strict=True)
            yield (*numbers, *(self._text(table, column, raw) for column, raw in pairs))

    async def count(self) -> dict[str, int]:
        """How many rows each table has, to detect whether somebody writes to them."""
        counts = {}
        for ours in ORIGINALS:
            if table := self._names.source(ours):
                query = f"SELECT COUNT(*) FROM `{table}`"  # noqa: S608  # constants
                ((counts[ours],),) = await self._link.rows(query)
        return counts

    async def next_id(self, ours: str) -> int:
        """The id that the database would have assigned to the next row."""
        table = self._names.source(ours)
        if table is None:
            return 1
        ((_, definition),) = await self._link.rows(f"SHOW CREATE TABLE `{table}`")
        query = f"SELECT COALESCE(MAX(id), 0) + 1 FROM `{table}`"  # noqa: S608  # constants
        ((above,),) = await self._link.rows(query)
        counter = _COUNTER.search(definition)
        return max(int(above), int(counter[1]) if counter else 1)

    def _bytes(self, table: str, column: str) -> str:
        if self._charset(table, column) in GUESSED:
            return f"CAST({column} AS BINARY)"
        return f"CAST(CONVERT({column} USING utf8mb4) AS BINARY)"

    def _text(self, table: str, column: str, raw: bytes | None) -> tuple[str, bytes] | None:
        if raw is None:
            return None
        charset = self._charset(table, column)
        if charset in GUESSED:
            return recovered(raw, latin1=charset != "utf8"), raw
        return raw.decode("utf-8", "replace"), raw

    def _charset(self, table: str, column: str) -> str:
        charset = self._charsets.get((table, column), "binary")
        return "utf8" if charset in ("utf8mb3", "utf8mb4", "ascii") else charset
