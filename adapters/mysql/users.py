"""Who has registered, in the table User."""

from collections.abc import Callable, Collection, Sequence

import attrs
from pymysql.err import IntegrityError

from adapters.mysql.batches import Batches
from adapters.mysql.link import Link
from adapters.mysql.numbers import bounded, marks, pieces
from adapters.mysql.pool import Pool
from adapters.mysql.skipping import skip_ids
from chat_domain.errors import NameTaken
from chat_domain.model import Account, User
from chat_domain.names import Name

AT_ONCE = 1000  # ids in one statement
MARKED_AT_ONCE = 5000  # users in one transaction

_States = dict[int, str]


@attrs.define
class _Batch:
    users: int = 0

    def take(self, states: _States) -> bool:
        self.users += len(states)
        return self.users <= MARKED_AT_ONCE


class MySqlUsers:
    def __init__(self, pool: Pool, forget: Callable[[int], None]) -> None:
        """forget: to be told of accounts that are removed."""
        self._pool = pool
        self._forget = forget
        self._marks: Batches[_States] = Batches(self._mark, _Batch)

    async def add(self, name: Name, secret: str) -> int:
        return await self._pool.write(_add, name, secret)

    async def by_id(self, user_id: int) -> Account | None:
        where = "SELECT id, name, password FROM User WHERE id = %s"
        return await self._pool.read(_account, where, bounded(user_id))

    async def by_name(self, key: str) -> Account | None:
        where = "SELECT id, name, password FROM User WHERE namekey = %s"
        return await self._pool.read(_account, where, key)

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        return await self._pool.read(_names, [bounded(user_id) for user_id in user_ids])

    async def set_secret(self, user_id: int, secret: str, *, instead_of: str) -> bool:
        return await self._pool.write(_set_secret, bounded(user_id), secret, instead_of)

    async def page(self, after: int, limit: int, containing: str = "") -> list[User]:
        return await self._pool.read(_page, bounded(after), bounded(limit), containing)

    async def remove(self, user_id: int) -> bool:
        try:
            return await self._pool.write(_remove, bounded(user_id))
        finally:
            self._forget(user_id)

    async def skip_ids(self, number: int) -> None:
        await self._pool.write(skip_ids, "User", ("name", "namekey", "password"), number)

    async def mark(self, online: Collection[int], offline: Collection[int]) -> None:
        states = dict.fromkeys(map(bounded, online), "online")
        states |= dict.fromkeys(map(bounded, offline), "offline")
        if states:
            await self._marks.ask(states)

    def depth(self) -> int:
        """How many pictures wait to be painted."""
        return len(self._marks)

    async def close(self) -> None:
        await self._marks.close()

    async def _mark(self, batch: Sequence[_States]) -> list[None]:
        latest: _States = {}
        for states in batch:
            latest |= states
        await self._pool.write_repeatable(_mark, latest)
        return [None] * len(batch)


async def _add(link: Link, name: Name, secret: str) -> int:
    key = name.key
    # asked first, since a row that is refused by its key uses up an id all the same
    if await link.rows("SELECT 1 FROM User WHERE namekey = %s", (key,)):
        raise NameTaken(name.text)
    try:
        added = await link.change(
            "INSERT INTO User (name, namekey, password) VALUES (%s, %s, %s)",
            (name.text, key, secret),
        )
    except IntegrityError as error:
        raise NameTaken(name.text) from error
    return added.last_id


async def _account(link: Link, query: str, what: int | str) -> Account | None:
    for user_id, name, secret in await link.rows(query, (what,)):
        return Account(User(user_id, name), secret)
    return None


async def _names(link: Link, user_ids: Sequence[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    for some in pieces(user_ids, AT_ONCE):
        query = f"SELECT id, name FROM User WHERE id IN ({marks(len(some))})"  # noqa: S608  # marks
        names |= dict(await link.rows(query, some))
    return names


async def _set_secret(link: Link, user_id: int, secret: str, instead_of: str) -> bool:
    # as binary: otherwise trailing spaces would make no difference
    replaced = await link.change(
        "UPDATE User SET password = %s WHERE id = %s AND CAST(password AS BINARY) = %s",
        (secret, user_id, instead_of),
    )
    return bool(replaced.rows)


async def _page(link: Link, after: int, limit: int, containing: str) -> list[User]:
    rows = await link.rows(
        "SELECT id, name FROM User WHERE id > %s AND INSTR(namekey, CAST(%s AS BINARY)) > 0"
        " ORDER BY id LIMIT %s",
        (after, containing, limit),
    )
    return [User(*row) for row in rows]


async def _remove(link: Link, user_id: int) -> bool:
    # two statements for Friend, as neither server uses both indexes for an OR reliably
    for what in ("Token WHERE userid", "Friend WHERE userid", "Friend WHERE friendid"):
        await link.change(f"DELETE FROM {what} = %s", (user_id,))  # noqa: S608  # constants
    await link.change("DELETE FROM OfflineMessage WHERE userid = %s", (user_id,))
    return bool((await link.change("DELETE FROM User WHERE id = %s", (user_id,))).rows)


async def _mark(link: Link, states: _States) -> None:
    for state in ("online", "offline"):
        # in one order on every node, so that they wait for each other instead of deadlocking
        users = sorted(user_id for user_id, its in states.items() if its == state)
        for some in pieces(users, AT_ONCE):
            which = f"UPDATE User SET state = %s WHERE id IN ({marks(len(some))})"  # noqa: S608
            await link.change(which, (state, *some))
