"""The registered users, in the table User."""

from collections.abc import Callable, Collection

from adapters.sql import validation
from adapters.sql.database import Connection, Database
from adapters.sql.names import lookup, unique_columns
from adapters.sql.repository import Repository, read_by, write_by
from chat_domain.errors import NameTaken
from chat_domain.model import Account
from chat_domain.names import Name


async def _add(connection: Connection, name: Name, secret: str) -> int:
    row = {"name": name.text, **unique_columns(name), "password": secret}
    user_id = await connection.insert_unique("User", row)
    if user_id is None:
        raise NameTaken(name.text)
    return user_id


async def _find(connection: Connection, who: int | str) -> Account | None:
    return await account(connection, *lookup(who))


async def account(connection: Connection, column: str, value: int | str) -> Account | None:
    query = f"SELECT id, name, password FROM User WHERE {column} = ?"  # noqa: S608  # constants
    for found in validation.accounts(await connection.rows(query, (value,))):
        return found
    return None


async def _names(connection: Connection, user_ids: Collection[int]) -> dict[int, str]:
    rows = await connection.rows_in("SELECT id, name FROM User WHERE id IN", [*user_ids])
    return {user.id: user.name for user in validation.users(rows)}


async def _set_secret(
    connection: Connection,
    user_id: int,
    secret: str,
    *,
    instead_of: str,
    ending_tokens: bool = False,
) -> bool:
    replaced = await connection.change(
        f"UPDATE User SET password = ? WHERE id = ? AND {connection.dialect.still_is}",  # noqa: S608
        (secret, user_id, instead_of),
    )
    if replaced and ending_tokens:
        await connection.change("DELETE FROM Token WHERE userid = ?", (user_id,))
    return bool(replaced)


async def _page(
    connection: Connection, after: int, limit: int, containing: str = ""
) -> list[Account]:
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


class SqlUsers(Repository):
    add = write_by(_add)
    find = read_by(_find)
    names = read_by(_names)
    set_secret = write_by(_set_secret)
    page = read_by(_page)
    skip_ids = write_by(_skip_ids)
    _remove = write_by(_remove)

    def __init__(self, database: Database, forget_pairs: Callable[[], None]) -> None:
        """forget_pairs: called when a user has been removed, or may have been."""
        super().__init__(database)
        self._forget_pairs = forget_pairs

    async def remove(self, user_id: int) -> bool:
        try:
            return await self._remove(user_id)
        finally:
            self._forget_pairs()
