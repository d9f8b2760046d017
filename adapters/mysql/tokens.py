"""Proofs of an earlier login, in the table Token."""

import attrs

from adapters.mysql.link import Link
from adapters.mysql.numbers import NO_ID, bounded, marks
from adapters.mysql.pool import Pool
from chat_domain.model import User


@attrs.define
class MySqlTokens:
    _pool: Pool
    _now_ms: int = 0  # the last time that was told; a store has no clock of its own

    async def add(self, digest: str, user_id: int, expires_ms: int, *, keep: int) -> None:
        token = (digest, user_id, expires_ms)
        await self._pool.write_repeatable(_add, token, keep, self._now_ms)

    async def owner(self, digest: str, now_ms: int) -> User | None:
        self._now_ms = now_ms
        return await self._pool.read(_owner, digest, now_ms)

    async def of(self, user_id: int, now_ms: int) -> list[tuple[str, int]]:
        return await self._pool.read(_of, bounded(user_id), now_ms)

    async def remove(self, digest: str) -> None:
        await self._pool.write_repeatable(_remove, digest)

    async def remove_all(self, user_id: int) -> None:
        await self._pool.write_repeatable(_remove_all, bounded(user_id))

    async def remove_some(self, limit: int) -> int:
        return await self._pool.write(_remove_some, limit)


async def _add(link: Link, token: tuple[str, int, int], keep: int, now_ms: int) -> None:
    digest, user_id, expires_ms = token
    # one at a time for one user, or two would each keep their own beside the others
    await link.rows("SELECT 1 FROM User WHERE id = %s FOR UPDATE", (user_id,))
    await link.change("DELETE FROM Token WHERE expires_ms <= %s", (now_ms,))
    await _make_room(link, user_id, digest, keep)
    await link.change(
        "INSERT INTO Token (digest, userid, expires_ms) VALUES (%s, %s, %s)"
        " ON DUPLICATE KEY UPDATE userid = %s, expires_ms = %s",
        (*token, user_id, expires_ms),
    )


async def _make_room(link: Link, user_id: int, digest: str, keep: int) -> None:
    beyond = await link.rows(  # neither server takes a LIMIT within the DELETE's own condition
        "SELECT digest FROM Token WHERE userid = %s AND digest <> %s"
        " ORDER BY expires_ms DESC, digest LIMIT %s OFFSET %s",
        (user_id, digest, NO_ID, keep - 1),
    )
    if beyond:
        these = marks(len(beyond))
        await link.change(
            f"DELETE FROM Token WHERE digest IN ({these})",  # noqa: S608  # placeholders
            [other.decode() for (other,) in beyond],
        )


async def _owner(link: Link, digest: str, now_ms: int) -> User | None:
    found = await link.rows(
        "SELECT User.id, name FROM Token JOIN User ON User.id = userid"
        " WHERE digest = %s AND expires_ms > %s",
        (digest, now_ms),
    )
    return User(*found[0]) if found else None


async def _of(link: Link, user_id: int, now_ms: int) -> list[tuple[str, int]]:
    found = await link.rows(
        "SELECT digest, expires_ms FROM Token WHERE userid = %s AND expires_ms > %s"
        " ORDER BY expires_ms DESC, digest",
        (user_id, now_ms),
    )
    return [(digest.decode(), expires_ms) for digest, expires_ms in found]


async def _remove(link: Link, digest: str) -> None:
    await link.change("DELETE FROM Token WHERE digest = %s", (digest,))


async def _remove_all(link: Link, user_id: int) -> None:
    await link.change("DELETE FROM Token WHERE userid = %s", (user_id,))


async def _remove_some(link: Link, limit: int) -> int:
    return (await link.change("DELETE FROM Token ORDER BY digest LIMIT %s", (limit,))).rows
