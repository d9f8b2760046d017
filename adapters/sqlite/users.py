"""Who has registered, in the table User."""

import json
from collections.abc import Collection
from sqlite3 import Connection
from typing import Any

import attrs

from adapters.sqlite.numbers import bounded, skip_ids
from adapters.sqlite.worker import Worker
from chat_domain.errors import NameTaken
from chat_domain.model import Account, User
from chat_domain.names import Name


@attrs.frozen
class SqliteUsers:
    _reader: Worker
    _writer: Worker

    async def add(self, name: Name, secret: str) -> int:
        return await self._writer.run(_add, name, secret)

    async def by_id(self, user_id: int) -> Account | None:
        where = "SELECT id, name, password FROM User WHERE id = ?"
        return await self._reader.run(_account, where, bounded(user_id))

    async def by_name(self, key: str) -> Account | None:
        where = "SELECT id, name, password FROM User WHERE namekey = ?"
        return await self._reader.run(_account, where, key)

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        return await self._reader.run(_names, [bounded(user_id) for user_id in user_ids])

    async def set_secret(self, user_id: int, secret: str, *, instead_of: str) -> bool:
        return await self._writer.run(_set_secret, bounded(user_id), secret, instead_of)

    async def page(self, after: int, limit: int, containing: str = "") -> list[User]:
        return await self._reader.run(_page, bounded(after), bounded(limit), containing)

    async def remove(self, user_id: int) -> bool:
        return await self._writer.run(_remove, bounded(user_id))

    async def skip_ids(self, number: int) -> None:
        await self._writer.run(skip_ids, "User", number)

    async def mark(self, online: Collection[int], offline: Collection[int]) -> None:
        states = [("online", bounded(user_id)) for user_id in online]
        states += [("offline", bounded(user_id)) for user_id in offline]
        await self._writer.run(_mark, states)


def _add(connection: Connection, name: Name, secret: str) -> int:
    added = connection.execute(
        "INSERT INTO User (name, namekey, password) VALUES (?, ?, ?)"
        " ON CONFLICT (namekey) DO NOTHING RETURNING id",
        (name.text, name.key, secret),
    ).fetchone()
    if added is None:
        raise NameTaken(name.text)
    return int(added[0])


def _account(connection: Connection, query: str, what: int | str) -> Account | None:
    row = connection.execute(query, (what,)).fetchone()
    return row and Account(User(row[0], row[1]), row[2])


def _names(connection: Connection, user_ids: list[int]) -> dict[int, str]:
    # as one JSON parameter, since the number of parameters has a limit
    query = "SELECT id, name FROM User WHERE id IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(query, (json.dumps(user_ids),)).fetchall())


def _set_secret(connection: Connection, user_id: int, secret: str, instead_of: str) -> bool:
    replaced: Any = connection.execute(
        "UPDATE User SET password = ? WHERE id = ? AND password = ?", (secret, user_id, instead_of)
    )
    return bool(replaced.rowcount)


def _page(connection: Connection, after: int, limit: int, containing: str) -> list[User]:
    rows = connection.execute(
        "SELECT id, name FROM User WHERE id > ? AND instr(namekey, ?) ORDER BY id LIMIT ?",
        (after, containing, limit),
    )
    return [User(*row) for row in rows]


def _remove(connection: Connection, user_id: int) -> bool:
    for what in (
        "Token WHERE userid = ?1",
        "Friend WHERE userid = ?1 OR friendid = ?1",
        "OfflineMessage WHERE userid = ?1",
    ):
        connection.execute(f"DELETE FROM {what}", (user_id,))  # noqa: S608  # constants
    return bool(connection.execute("DELETE FROM User WHERE id = ?", (user_id,)).rowcount)


def _mark(connection: Connection, states: list[tuple[str, int]]) -> None:
    connection.executemany("UPDATE User SET state = ? WHERE id = ?", states)
