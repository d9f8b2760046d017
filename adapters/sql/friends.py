"""Each user's list of friends, in the table Friend."""

import attrs

from adapters.sql import validation
from adapters.sql.database import Connection, Database
from adapters.sql.numbers import bounded
from chat_domain.errors import AlreadyFriends, NoSuchUser, NotFriends
from chat_domain.model import User


@attrs.frozen
class SqlFriends:
    _database: Database

    async def add(self, user_id: int, friend_id: int) -> None:
        await self._database.write(_add, user_id, friend_id)

    async def remove(self, user_id: int, friend_id: int) -> None:
        await self._database.write(_remove, user_id, friend_id)

    async def page(self, user_id: int, after: int, limit: int) -> list[User]:
        return await self._database.read(_page, bounded(user_id), bounded(after), bounded(limit))

    async def listed_by(self, user_id: int, after: int, limit: int) -> list[int]:
        asked = bounded(user_id), bounded(after), bounded(limit)
        return await self._database.read(_listed_by, *asked)

    async def count(self, user_id: int) -> int:
        return await self._database.read(_count, bounded(user_id))

    async def lists(self, user_id: int, friend_id: int) -> bool:
        return await self._database.read(_lists, bounded(user_id), bounded(friend_id))


async def _add(connection: Connection, user_id: int, friend_id: int) -> None:
    if not await connection.rows("SELECT 1 FROM User WHERE id = ?", (bounded(friend_id),)):
        raise NoSuchUser(friend_id)
    add = "INSERT INTO Friend (userid, friendid) VALUES (?, ?)"
    added = await connection.change(
        f"{add} {connection.dialect.unless_there}", (user_id, friend_id)
    )
    if not added:
        raise AlreadyFriends(friend_id)


async def _remove(connection: Connection, user_id: int, friend_id: int) -> None:
    removed = await connection.change(
        "DELETE FROM Friend WHERE userid = ? AND friendid = ?",
        (bounded(user_id), bounded(friend_id)),
    )
    if not removed:
        raise NotFriends(friend_id)


async def _page(connection: Connection, user_id: int, after: int, limit: int) -> list[User]:
    rows = await connection.rows(
        "SELECT friendid, name FROM Friend JOIN User ON User.id = friendid"
        " WHERE userid = ? AND friendid > ? ORDER BY friendid LIMIT ?",
        (user_id, after, limit),
    )
    return validation.users(rows)


async def _listed_by(connection: Connection, user_id: int, after: int, limit: int) -> list[int]:
    rows = await connection.rows(
        "SELECT userid FROM Friend WHERE friendid = ? AND userid > ? ORDER BY userid LIMIT ?",
        (user_id, after, limit),
    )
    return validation.ids(row[0] for row in rows)


async def _count(connection: Connection, user_id: int) -> int:
    query = "SELECT count(*) FROM Friend WHERE userid = ?"
    ((count,),) = await connection.rows(query, (user_id,))
    return int(count)


async def _lists(connection: Connection, user_id: int, friend_id: int) -> bool:
    query = "SELECT 1 FROM Friend WHERE userid = ? AND friendid = ?"
    return bool(await connection.rows(query, (user_id, friend_id)))
