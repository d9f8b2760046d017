"""Proofs of an earlier login, in the table Token."""

from sqlite3 import Connection

import attrs

from adapters.sqlite.numbers import bounded
from adapters.sqlite.worker import Worker
from chat_domain.model import User


@attrs.define
class SqliteTokens:
    _reader: Worker
    _writer: Worker
    _now_ms: int = 0  # the last time that was told; a store has no clock of its own

    async def add(self, digest: str, user_id: int, expires_ms: int, *, keep: int) -> None:
        await self._writer.run(_add, (digest, user_id, expires_ms), keep, self._now_ms)

    async def owner(self, digest: str, now_ms: int) -> User | None:
        self._now_ms = now_ms
        return await self._reader.run(_owner, digest, now_ms)

    async def of(self, user_id: int, now_ms: int) -> list[tuple[str, int]]:
        return await self._reader.run(_of, bounded(user_id), now_ms)

    async def remove(self, digest: str) -> None:
        await self._writer.run(_remove, digest)

    async def remove_all(self, user_id: int) -> None:
        await self._writer.run(_remove_all, bounded(user_id))

    async def remove_some(self, limit: int) -> int:
        return await self._writer.run(_remove_some, limit)


def _add(connection: Connection, token: tuple[str, int, int], keep: int, now_ms: int) -> None:
    digest, user_id, _ = token
    connection.execute("DELETE FROM Token WHERE expires_ms <= ?", (now_ms,))
    connection.execute(
        "DELETE FROM Token WHERE digest IN (SELECT digest FROM Token WHERE userid = ?"
        " AND digest <> ? ORDER BY expires_ms DESC, digest LIMIT -1 OFFSET ?)",
        (user_id, digest, keep - 1),
    )
    connection.execute(
        "INSERT OR REPLACE INTO Token (digest, userid, expires_ms) VALUES (?, ?, ?)", token
    )


def _owner(connection: Connection, digest: str, now_ms: int) -> User | None:
    row = connection.execute(
        "SELECT User.id, name FROM Token JOIN User ON User.id = userid"
        " WHERE digest = ? AND expires_ms > ?",
        (digest, now_ms),
    ).fetchone()
    return row and User(*row)


def _of(connection: Connection, user_id: int, now_ms: int) -> list[tuple[str, int]]:
    return connection.execute(
        "SELECT digest, expires_ms FROM Token WHERE userid = ? AND expires_ms > ?"
        " ORDER BY expires_ms DESC, digest",
        (user_id, now_ms),
    ).fetchall()


def _remove(connection: Connection, digest: str) -> None:
    connection.execute("DELETE FROM Token WHERE digest = ?", (digest,))


def _remove_all(connection: Connection, user_id: int) -> None:
    connection.execute("DELETE FROM Token WHERE userid = ?", (user_id,))


def _remove_some(connection: Connection, limit: int) -> int:
    some = "SELECT digest FROM Token LIMIT ?"
    removed = connection.execute(f"DELETE FROM Token WHERE digest IN ({some})", (limit,))  # noqa: S608  # a constant
    return removed.rowcount
