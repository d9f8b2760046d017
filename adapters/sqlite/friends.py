"""Whom each user lists, in the table Friend."""

from sqlite3 import Connection

import attrs

from adapters.sqlite.numbers import bounded, ids
from adapters.sqlite.worker import Worker
from chat_domain.errors import AlreadyFriends, NoSuchUser, NotFriends
from chat_domain.model import User


@attrs.frozen
class SqliteFriends:
    _reader: Worker
    _writer: Worker

    async def add(self, user_id: int, friend_id: int) -> None:
        await self._writer.run(_add, user_id, friend_id)

    async def remove(self, user_id: int, friend_id: int) -> None:
        await self._writer.run(_remove, user_id, friend_id)

    async def page(self, user_id: int, after: int, limit: int) -> list[User]:
        return await self._reader.run(_page, bounded(user_id), bounded(after), bounded(limit))

    async def listed_by(self, user_id: int) -> list[int]:
        return await self._reader.run(_listed_by, bounded(user_id))

    async def count(self, user_id: int) -> int:
        return await self._reader.run(_count, bounded(user_id))


def _add(connection: Connection, user_id: int, friend_id: int) -> None:
    known = "SELECT 1 FROM User WHERE id = ?"
    if connection.execute(known, (bounded(friend_id),)).fetchone() is None:
        raise NoSuchUser(friend_id)
    added = connection.execute(
        "INSERT INTO Friend (userid, friendid) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (user_id, friend_id),
    )
    if not added.rowcount:
        raise AlreadyFriends(friend_id)


def _remove(connection: Connection, user_id: int, friend_id: int) -> None:
    removed = connection.execute(
        "DELETE FROM Friend WHERE userid = ? AND friendid = ?",
        (bounded(user_id), bounded(friend_id)),
    )
    if not removed.rowcount:
        raise NotFriends(friend_id)


def _page(connection: Connection, user_id: int, after: int, limit: int) -> list[User]:
    rows = connection.execute(
        "SELECT friendid, name FROM Friend JOIN User ON User.id = friendid"
        " WHERE userid = ? AND friendid > ? ORDER BY friendid LIMIT ?",
        (user_id, after, limit),
    )
    return [User(*row) for row in rows]


def _count(connection: Connection, user_id: int) -> int:
    query = "SELECT count(*) FROM Friend WHERE userid = ?"
    (count,) = connection.execute(query, (user_id,)).fetchone()
    return int(count)


def _listed_by(connection: Connection, user_id: int) -> list[int]:
    return ids(
        connection, "SELECT json_group_array(userid) FROM Friend WHERE friendid = ?", user_id
    )
