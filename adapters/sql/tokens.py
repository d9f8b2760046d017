"""Proofs of an earlier login, in the table Token."""

import attrs

from adapters.sql.database import Connection, Database
from adapters.sql.numbers import NO_ID, bounded
from chat_domain.model import User


@attrs.define
class SqlTokens:
    _database: Database
    _now_ms: int = 0  # the last time that was told; a store has no clock of its own

    async def add(self, digest: str, user_id: int, expires_ms: int, *, keep: int) -> None:
        token = (digest, user_id, expires_ms)
        await self._database.write(_add, token, keep, self._now_ms, repeatable=True)

    async def owner(self, digest: str, now_ms: int) -> User | None:
        self._now_ms = now_ms
        return await self._database.read(_owner, digest, now_ms)

    async def of(self, user_id: int, now_ms: int) -> list[tuple[str, int]]:
        return await self._database.read(_of, bounded(user_id), now_ms)

    async def remove(self, digest: str) -> None:
        await self._database.write(_remove, "digest", digest, repeatable=True)

    async def remove_all(self, user_id: int) -> None:
        await self._database.write(_remove, "userid", bounded(user_id), repeatable=True)

    async def remove_some(self, limit: int) -> int:
        return await self._database.write(_remove_some, limit)


async def _add(connection: Connection, token: tuple[str, int, int], keep: int, now_ms: int) -> None:
    digest, user_id, expires_ms = token
    # one at a time for one user, or two would each keep their own beside the others
    await connection.lock_user(user_id)
    await connection.change("DELETE FROM Token WHERE expires_ms <= ?", (now_ms,))
    await _make_room(connection, user_id, digest, keep)
    add = "INSERT INTO Token (digest, userid, expires_ms) VALUES (?, ?, ?)"
    await connection.change(
        f"{add} {connection.words.or_set} userid = ?, expires_ms = ?", (*token, user_id, expires_ms)
    )


async def _make_room(connection: Connection, user_id: int, digest: str, keep: int) -> None:
    beyond = await connection.rows(
        "SELECT digest FROM Token WHERE userid = ? AND digest <> ?"
        " ORDER BY expires_ms DESC, digest LIMIT ? OFFSET ?",
        (user_id, digest, NO_ID, keep - 1),
    )
    others = [_text(other) for (other,) in beyond]
    await connection.change_in("DELETE FROM Token WHERE digest IN", others)


async def _owner(connection: Connection, digest: str, now_ms: int) -> User | None:
    found = await connection.rows(
        "SELECT User.id, name FROM Token JOIN User ON User.id = userid"
        " WHERE digest = ? AND expires_ms > ?",
        (digest, now_ms),
    )
    return User(*found[0]) if found else None


async def _of(connection: Connection, user_id: int, now_ms: int) -> list[tuple[str, int]]:
    found = await connection.rows(
        "SELECT digest, expires_ms FROM Token WHERE userid = ? AND expires_ms > ?"
        " ORDER BY expires_ms DESC, digest",
        (user_id, now_ms),
    )
    return [(_text(digest), expires_ms) for digest, expires_ms in found]


async def _remove(connection: Connection, column: str, value: int | str) -> None:
    await connection.change(f"DELETE FROM Token WHERE {column} = ?", (value,))  # noqa: S608  # constants


async def _remove_some(connection: Connection, limit: int) -> int:
    return await connection.change(f"DELETE FROM Token {connection.words.some_tokens}", (limit,))  # noqa: S608


def _text(digest: str | bytes) -> str:
    """A column that compares bytes gives bytes (MySQL's VARBINARY)."""
    return digest if isinstance(digest, str) else digest.decode()
