"""The groups and who is in them, in the tables AllGroup and GroupUser."""

import attrs

from adapters.sql import judging
from adapters.sql.database import Connection, Database
from adapters.sql.names import keys
from adapters.sql.numbers import bounded
from chat_domain.errors import AlreadyMember, GroupNameTaken, NoSuchGroup, NotMember
from chat_domain.model import Group, Member, Membership, Role, SizedGroup
from chat_domain.names import Name


@attrs.frozen
class SqlGroups:
    _database: Database

    async def create(self, name: Name, description: str, creator_id: int) -> Group:
        return await self._database.write(_create, name, description, creator_id)

    async def by_id(self, group_id: int) -> Group | None:
        return await self._database.read(_group, "id", bounded(group_id))

    async def by_name(self, key: str) -> Group | None:
        return await self._database.read(_group, "namekey", key)

    async def page(self, after: int, limit: int, containing: str = "") -> list[SizedGroup]:
        return await self._database.read(_page, bounded(after), bounded(limit), containing)

    async def rename(self, group_id: int, name: Name) -> None:
        await self._database.write(_rename, group_id, name, repeatable=True)

    async def join(self, group_id: int, user_id: int) -> Group:
        return await self._database.write(_join, group_id, user_id)

    async def leave(self, group_id: int, user_id: int) -> None:
        await self._database.write(_leave, group_id, user_id)

    async def end(self, group_id: int) -> None:
        await self._database.write(_end, group_id)

    async def skip_ids(self, number: int) -> None:
        await self._database.write(_skip_ids, number)

    async def page_of(self, user_id: int, after: int, limit: int) -> list[Membership]:
        return await self._database.read(_page_of, bounded(user_id), bounded(after), bounded(limit))

    async def count_of(self, user_id: int) -> int:
        return await self._database.read(_count_of, bounded(user_id))

    async def members(self, group_id: int, after: int, limit: int) -> list[Member]:
        return await self._database.read(_members, group_id, bounded(after), bounded(limit))

    async def member_ids(self, group_id: int) -> list[int]:
        return await self._database.read(_member_ids, group_id)


async def _create(connection: Connection, name: Name, description: str, creator_id: int) -> Group:
    row = {"groupname": name.text, **keys(name), "groupdesc": description}
    group_id = await connection.add_named("AllGroup", {**row, **connection.words.new_group})
    if group_id is None:
        raise GroupNameTaken(name.text)
    await _enter(connection, group_id, creator_id, Role.CREATOR, 1)
    return Group(group_id, name.text, description)


async def _group(connection: Connection, column: str, value: int | str) -> Group | None:
    query = f"SELECT id, groupname, groupdesc FROM AllGroup WHERE {column} = ?"  # noqa: S608
    for row in judging.with_ids(await connection.rows(query, (value,))):
        return judging.group(row)
    return None


async def _page(
    connection: Connection, after: int, limit: int, containing: str
) -> list[SizedGroup]:
    members = "(SELECT count(*) FROM GroupUser WHERE groupid = AllGroup.id)"
    which = f"id > ? AND {connection.words.key_has}"
    rows = await connection.rows(
        f"SELECT id, groupname, groupdesc, {members}"  # noqa: S608
        f" FROM AllGroup WHERE {which} ORDER BY id LIMIT ?",
        (after, containing, limit),
    )
    return [SizedGroup(judging.group(group), members) for *group, members in judging.with_ids(rows)]


async def _rename(connection: Connection, group_id: int, name: Name) -> None:
    await _change(connection, group_id)
    columns = {"groupname": name.text, **keys(name)}
    new = ", ".join(f"{column} = ?" for column in columns)
    rename = f"UPDATE AllGroup SET {new} WHERE id = ?"  # noqa: S608  # constants
    if not await connection.change_named(rename, (*columns.values(), group_id)):
        raise GroupNameTaken(name.text)


async def _join(connection: Connection, group_id: int, user_id: int) -> Group:
    await _change(connection, group_id)
    place = connection.words.place
    ((name, description, joined),) = await connection.rows(
        f"SELECT groupname, groupdesc, {place} FROM AllGroup WHERE id = ?",  # noqa: S608
        (group_id,),
    )
    if not await _enter(connection, group_id, user_id, Role.NORMAL, joined):
        raise AlreadyMember(group_id)
    return judging.group((group_id, name, description))


async def _leave(connection: Connection, group_id: int, user_id: int) -> None:
    await _change(connection, group_id)
    roles = await connection.rows(
        "SELECT grouprole FROM GroupUser WHERE groupid = ? AND userid = ?",
        (group_id, bounded(user_id)),
    )
    if not roles:
        raise NotMember(group_id)
    await connection.change(
        "DELETE FROM GroupUser WHERE groupid = ? AND userid = ?", (group_id, user_id)
    )
    if roles == [(Role.CREATOR.value,)]:
        await _find_successor(connection, group_id)


async def _find_successor(connection: Connection, group_id: int) -> None:
    succeeded = await connection.change(
        f"UPDATE GroupUser SET grouprole = ? WHERE {connection.words.heir}",  # noqa: S608
        (Role.CREATOR.value, group_id),
    )
    if not succeeded:
        await connection.change("DELETE FROM AllGroup WHERE id = ?", (group_id,))


async def _end(connection: Connection, group_id: int) -> None:
    await _change(connection, group_id)
    await connection.change("DELETE FROM GroupUser WHERE groupid = ?", (group_id,))
    await connection.change("DELETE FROM AllGroup WHERE id = ?", (group_id,))


async def _skip_ids(connection: Connection, number: int) -> None:
    await connection.skip_ids("AllGroup", number)


async def _page_of(
    connection: Connection, user_id: int, after: int, limit: int
) -> list[Membership]:
    rows = await connection.rows(
        "SELECT id, groupname, groupdesc, grouprole"
        " FROM GroupUser JOIN AllGroup ON AllGroup.id = groupid"
        " WHERE userid = ? AND groupid > ? ORDER BY groupid LIMIT ?",
        (user_id, after, limit),
    )
    return [
        Membership(judging.group(group), judging.role(role))
        for *group, role in judging.with_ids(rows)
    ]


async def _count_of(connection: Connection, user_id: int) -> int:
    query = "SELECT count(*) FROM GroupUser WHERE userid = ?"
    ((count,),) = await connection.rows(query, (user_id,))
    return int(count)


async def _members(connection: Connection, group_id: int, after: int, limit: int) -> list[Member]:
    rows = await connection.rows(
        "SELECT userid, name, grouprole FROM GroupUser JOIN User ON User.id = userid"
        " WHERE groupid = ? AND userid > ? ORDER BY userid LIMIT ?",
        (bounded(group_id), after, limit),
    )
    if not rows:  # behind the last one, or no group at all: one without members is none
        await _member_ids(connection, group_id)
    return [
        Member(user_id, judging.name(name), judging.role(role))
        for user_id, name, role in judging.with_ids(rows)
    ]


async def _member_ids(connection: Connection, group_id: int) -> list[int]:
    found = await connection.ids("userid", "GroupUser WHERE groupid = ?", bounded(group_id))
    if not found:
        raise NoSuchGroup(group_id)
    return sorted(judging.ids(found))


async def _change(connection: Connection, group_id: int) -> None:
    if not await connection.change_group(bounded(group_id)):
        raise NoSuchGroup(group_id)


async def _enter(
    connection: Connection, group_id: int, user_id: int, role: Role, joined: int
) -> bool:
    """Add a member behind those who are there; whether they were none yet."""
    add = "INSERT INTO GroupUser (groupid, userid, grouprole, joined) VALUES (?, ?, ?, ?)"
    added = await connection.change(
        f"{add} {connection.words.unless_there}", (group_id, user_id, role.value, joined)
    )
    return bool(added)
