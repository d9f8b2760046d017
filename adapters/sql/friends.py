"""Each user's list of friends, in the table Friend."""

from adapters.sql import validation
from adapters.sql.database import Connection
from adapters.sql.repository import Repository, read_by, write_by
from chat_domain.errors import AlreadyFriends, NoSuchUser, NotFriends
from chat_domain.model import User


async def _add(connection: Connection, user_id: int, friend_id: int) -> None:
    if not await connection.rows("SELECT 1 FROM User WHERE id = ?", (friend_id,)):
        raise NoSuchUser(friend_id)
    add = "INSERT INTO Friend (userid, friendid) VALUES (?, ?)"
    added = await connection.change(
        f"{add} {connection.dialect.unless_there}", (user_id, friend_id)
    )
    if not added:
        raise AlreadyFriends(friend_id)


async def _remove(connection: Connection, user_id: int, friend_id: int) -> None:
    removed = await connection.change(
        "DELETE FROM Friend WHERE userid = ? AND friendid = ?", (user_id, friend_id)
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


class SqlFriends(Repository):
    add = write_by(_add)
    remove = write_by(_remove)
    page = read_by(_page)
    listed_by = read_by(_listed_by)
    count = read_by(_count)
    lists = read_by(_lists)
