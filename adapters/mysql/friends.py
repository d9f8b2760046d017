"""Whom each user lists, in the table Friend."""

import attrs

from adapters.mysql.link import Link
from adapters.mysql.numbers import bounded
from adapters.mysql.pool import Pool
from chat_domain.errors import AlreadyFriends, NoSuchUser, NotFriends
from chat_domain.model import User


@attrs.frozen
class MySqlFriends:
    _pool: Pool

    async def add(self, user_id: int, friend_id: int) -> None:
        await self._pool.write(_add, user_id, friend_id)

    async def remove(self, user_id: int, friend_id: int) -> None:
        await self._pool.write(_remove, user_id, friend_id)

    async def page(self, user_id: int, after: int, limit: int) -> list[User]:
        return await self._pool.read(_page, bounded(user_id), bounded(after), bounded(limit))

    async def listed_by(self, user_id: int) -> list[int]:
        return await self._pool.read(_listed_by, bounded(user_id))

    async def count(self, user_id: int) -> int:
        return await self._pool.read(_count, bounded(user_id))


async def _add(link: Link, user_id: int, friend_id: int) -> None:
    if not await link.rows("SELECT 1 FROM User WHERE id = %s", (bounded(friend_id),)):
        raise NoSuchUser(friend_id)
    added = await link.change(
        "INSERT INTO Friend (userid, friendid) VALUES (%s, %s)"
        " ON DUPLICATE KEY UPDATE userid = userid",
        (user_id, friend_id),
    )
    if not added.rows:
        raise AlreadyFriends(friend_id)


async def _remove(link: Link, user_id: int, friend_id: int) -> None:
    removed = await link.change(
        "DELETE FROM Friend WHERE userid = %s AND friendid = %s",
        (bounded(user_id), bounded(friend_id)),
    )
    if not removed.rows:
        raise NotFriends(friend_id)


async def _page(link: Link, user_id: int, after: int, limit: int) -> list[User]:
    rows = await link.rows(
        "SELECT friendid, name FROM Friend JOIN User ON User.id = friendid"
        " WHERE userid = %s AND friendid > %s ORDER BY friendid LIMIT %s",
        (user_id, after, limit),
    )
    return [User(*row) for row in rows]


async def _count(link: Link, user_id: int) -> int:
    ((count,),) = await link.rows("SELECT count(*) FROM Friend WHERE userid = %s", (user_id,))
    return int(count)


async def _listed_by(link: Link, user_id: int) -> list[int]:
    query = "SELECT userid FROM Friend WHERE friendid = %s ORDER BY userid"
    return [lister for (lister,) in await link.rows(query, (user_id,))]
