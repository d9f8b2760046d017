"""The groups and who is in them, in the tables AllGroup and Member."""

from adapters.ids import NO_ID
from adapters.sql import validation
from adapters.sql.database import Connection
from adapters.sql.names import lookup
from adapters.sql.repository import Repository, read_by, write_by
from chat_domain.entries import FOREVER
from chat_domain.errors import NoSuchGroup
from chat_domain.model import Group, Member, Membership, SizedGroup


async def _find(connection: Connection, which: int | str) -> Group | None:
    return await _group(connection, *lookup(which))


async def _group(connection: Connection, column: str, value: int | str) -> Group | None:
    query = f"SELECT id, groupname, groupdesc FROM AllGroup WHERE {column} = ?"  # noqa: S608
    for row in validation.with_ids(await connection.rows(query, (value,))):
        return validation.group(row)
    return None


async def _page(
    connection: Connection, after: int, limit: int, containing: str = ""
) -> list[SizedGroup]:
    members = "(SELECT count(*) FROM Member WHERE conv = AllGroup.id AND `left` = ?)"
    days = "(SELECT days FROM Keeping WHERE groupid = AllGroup.id)"
    which = f"id > ? AND {connection.dialect.key_has}"
    rows = await connection.rows(
        f"SELECT id, groupname, groupdesc, {members}, {days}"  # noqa: S608
        f" FROM AllGroup WHERE {which} ORDER BY id LIMIT ?",
        (FOREVER, after, containing, limit),
    )
    return [
        SizedGroup(validation.group(group), members, validation.days(days))
        for *group, members, days in validation.with_ids(rows)
    ]


async def _skip_ids(connection: Connection, number: int) -> None:
    await connection.skip_ids("AllGroup", number)


async def _show_history(connection: Connection, group_id: int, *, whole: bool) -> bool:
    change = "UPDATE AllGroup SET whole_history = ? WHERE id = ?"
    await connection.change(change, (int(whole), group_id))
    return await _group(connection, "id", group_id) is not None


async def _page_of(
    connection: Connection, user_id: int, after: int, limit: int
) -> list[Membership]:
    rows = await connection.rows(
        "SELECT id, groupname, groupdesc, role FROM Member JOIN AllGroup ON AllGroup.id = conv"
        " WHERE userid = ? AND conv > ? AND conv < ? AND `left` = ? ORDER BY conv LIMIT ?",
        (user_id, after, NO_ID, FOREVER, limit),
    )
    return [
        Membership(validation.group(group), validation.role(role))
        for *group, role in validation.with_ids(rows)
    ]


async def _count_of(connection: Connection, user_id: int) -> tuple[int, int]:
    # without GROUP BY, which would sort them all
    present = "count(CASE WHEN `left` = ? THEN 1 END)"
    query = f"SELECT {present}, count(*) FROM Member WHERE userid = ? AND conv < ?"  # noqa: S608
    ((now, ever),) = await connection.rows(query, (FOREVER, user_id, NO_ID))
    return int(now), int(ever)


async def _size(connection: Connection, group_id: int) -> int:
    query = "SELECT count(*) FROM Member WHERE conv = ? AND `left` = ?"
    ((count,),) = await connection.rows(query, (group_id, FOREVER))
    if not count:  # a group without members does not exist
        raise NoSuchGroup(group_id)
    return int(count)


async def _members(connection: Connection, group_id: int, after: int, limit: int) -> list[Member]:
    rows = await connection.rows(
        "SELECT userid, name, role FROM Member JOIN User ON User.id = userid"
        " WHERE conv = ? AND userid > ? AND `left` = ? ORDER BY userid LIMIT ?",
        (group_id, after, FOREVER, limit),
    )
    if not rows:  # above the last one, or no such group
        await _size(connection, group_id)
    return [
        Member(user_id, validation.name(name), validation.role(role))
        for user_id, name, role in validation.with_ids(rows)
    ]


async def _keep(connection: Connection, group_id: int, days: int) -> int:
    if await _group(connection, "id", group_id) is None:
        raise NoSuchGroup(group_id)
    which = "Keeping WHERE groupid = ?"
    before = await connection.rows(f"SELECT days FROM {which}", (group_id,))  # noqa: S608
    if days:
        await connection.change("REPLACE INTO Keeping VALUES (?, ?)", (group_id, days))
    else:
        await connection.change(f"DELETE FROM {which}", (group_id,))  # noqa: S608  # constants
    return validation.days(before[0][0]) if before else 0


async def _keeping(connection: Connection, after: int, limit: int) -> dict[int, int]:
    rows = await connection.rows(
        "SELECT groupid, days FROM Keeping WHERE groupid > ? ORDER BY groupid LIMIT ?",
        (after, limit),
    )
    return {group_id: validation.days(days) for group_id, days in validation.with_ids(rows)}


class SqlGroups(Repository):
    find = read_by(_find)
    page = read_by(_page)
    skip_ids = write_by(_skip_ids)
    show_history = write_by(_show_history, repeatable=True)
    page_of = read_by(_page_of)
    count_of = read_by(_count_of)
    size = read_by(_size)
    members = read_by(_members)
    keep = write_by(_keep)
    keeping = read_by(_keeping)
