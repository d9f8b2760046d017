"""The registered users, in the table User."""

from collections.abc import Callable, Collection, Sequence

import attrs

from adapters.sql import validation
from adapters.sql.database import Connection, Database
from adapters.sql.names import lookup, unique_columns
from adapters.sql.numbers import bounded
from chat_domain.errors import NameTaken
from chat_domain.model import Account
from chat_domain.names import Name


@attrs.define
class SqlUsers:
    """forget_pairs: called when a user has been removed, or may have been."""

    _database: Database
    _forget_pairs: Callable[[], None]

    async def add(self, name: Name, secret: str) -> int:
        return await self._database.write(_add, name, secret)

    async def find(self, who: int | str) -> Account | None:
        return await self._database.read(account, *lookup(who))

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        return await self._database.read(_names, [bounded(user_id) for user_id in user_ids])

    async def set_secret(
        self, user_id: int, secret: str, *, instead_of: str, ending_tokens: bool = False
    ) -> bool:
        return await self._database.write(
            _set_secret, bounded(user_id), secret, instead_of, ending_tokens
        )

    async def page(self, after: int, limit: int, containing: str = "") -> list[Account]:
        return await self._database.read(_page, bounded(after), bounded(limit), containing)

    async def remove(self, user_id: int) -> bool:
        try:
            return await self._database.write(_remove, bounded(user_id))
        finally:
            self._forget_pairs()

    async def skip_ids(self, number: int) -> None:
        await self._database.write(_skip_ids, number)


async def _add(connection: Connection, name: Name, secret: str) -> int:
    row = {"name": name.text, **unique_columns(name), "password": secret}
    user_id = await connection.insert_unique("User", row)
    if user_id is None:
        raise NameTaken(name.text)
    return user_id


async def account(connection: Connection, column: str, value: int | str) -> Account | None:
    query = f"SELECT id, name, password FROM User WHERE {column} = ?"  # noqa: S608  # constants
    for found in validation.accounts(await connection.rows(query, (value,))):
        return found
    return None


async def _names(connection: Connection, user_ids: Sequence[int]) -> dict[int, str]:
    rows = await connection.rows_in("SELECT id, name FROM User WHERE id IN", user_ids)
    return {user.id: user.name for user in validation.users(rows)}


async def _set_secret(
    connection: Connection,
    user_id: int,
    secret: str,
    instead_of: str,
    ending_tokens: bool,
) -> bool:
    replaced = await connection.change(
        f"UPDATE User SET password = ? WHERE id = ? AND {connection.dialect.still_is}",  # noqa: S608
        (secret, user_id, instead_of),
    )
    if replaced and ending_tokens:
        await connection.change("DELETE FROM Token WHERE userid = ?", (user_id,))
    return bool(replaced)


async def _page(connection: Connection, after: int, limit: int, containing: str) -> list[Account]:
    which = f"id > ? AND {connection.dialect.key_has}"
    rows = await connection.rows(
        f"SELECT id, name, password FROM User WHERE {which} ORDER BY id LIMIT ?",  # noqa: S608
        (after, containing, limit),
    )
    return validation.accounts(rows)


async def _remove(connection: Connection, user_id: int) -> bool:
    # two statements for Friend, since not every server reliably uses both indexes for an OR
    for what in (
        "Token WHERE userid",
        "Friend WHERE userid",
        "Friend WHERE friendid",
        "Member WHERE userid",
    ):
        await connection.change(f"DELETE FROM {what} = ?", (user_id,))  # noqa: S608  # constants
    return bool(await connection.change("DELETE FROM User WHERE id = ?", (user_id,)))


async def _skip_ids(connection: Connection, number: int) -> None:
    await connection.skip_ids("User", number)
