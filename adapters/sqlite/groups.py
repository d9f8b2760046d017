"""The groups and who is in them, in the tables AllGroup and GroupUser."""

from sqlite3 import Connection

import attrs

from adapters.sqlite.numbers import bounded, ids, skip_ids
from adapters.sqlite.worker import Worker
from chat_domain.errors import AlreadyMember, GroupNameTaken, NoSuchGroup, NotMember
from chat_domain.model import Group, Member, Membership, Role
from chat_domain.names import Name


@attrs.frozen
class SqliteGroups:
    _reader: Worker
    _writer: Worker

    async def create(self, name: Name, description: str, creator_id: int) -> Group:
        return await self._writer.run(_create, name, description, creator_id)

    async def join(self, group_id: int, user_id: int) -> Group:
        return await self._writer.run(_join, group_id, user_id)

    async def leave(self, group_id: int, user_id: int) -> None:
        await self._writer.run(_leave, group_id, user_id)

    async def skip_ids(self, number: int) -> None:
        await self._writer.run(skip_ids, "AllGroup", number)

    async def page_of(self, user_id: int, after: int, limit: int) -> list[Membership]:
        return await self._reader.run(_page_of, bounded(user_id), bounded(after), bounded(limit))

    async def count_of(self, user_id: int) -> int:
        return await self._reader.run(_count_of, bounded(user_id))

    async def members(self, group_id: int, after: int, limit: int) -> list[Member]:
        return await self._reader.run(_members, group_id, bounded(after), bounded(limit))

    async def member_ids(self, group_id: int) -> list[int]:
        return await self._reader.run(_member_ids, group_id)


def _create(connection: Connection, name: Name, description: str, creator_id: int) -> Group:
    added = connection.execute(
        "INSERT INTO AllGroup (groupname, namekey, groupdesc) VALUES (?, ?, ?)"
        " ON CONFLICT (namekey) DO NOTHING RETURNING id",
        (name.text, name.key, description),
    ).fetchone()
    if added is None:
        raise GroupNameTaken(name.text)
    _enter(connection, added[0], creator_id, Role.CREATOR)
    return Group(added[0], name.text, description)


def _join(connection: Connection, group_id: int, user_id: int) -> Group:
    group = _group(connection, group_id)
    if not _enter(connection, group_id, user_id, Role.NORMAL):
        raise AlreadyMember(group_id)
    return group


def _leave(connection: Connection, group_id: int, user_id: int) -> None:
    _group(connection, group_id)
    left = connection.execute(
        "DELETE FROM GroupUser WHERE groupid = ? AND userid = ? RETURNING grouprole",
        (group_id, bounded(user_id)),
    ).fetchone()
    if left is None:
        raise NotMember(group_id)
    if left == (Role.CREATOR.value,):
        _find_successor(connection, group_id)


def _find_successor(connection: Connection, group_id: int) -> None:
    succeeded = connection.execute(
        "UPDATE GroupUser SET grouprole = ?2 WHERE groupid = ?1 AND userid ="
        " (SELECT userid FROM GroupUser WHERE groupid = ?1 ORDER BY joined, userid LIMIT 1)",
        (group_id, Role.CREATOR.value),
    )
    if not succeeded.rowcount:
        connection.execute("DELETE FROM AllGroup WHERE id = ?", (group_id,))


def _page_of(connection: Connection, user_id: int, after: int, limit: int) -> list[Membership]:
    rows = connection.execute(
        "SELECT id, groupname, groupdesc, grouprole"
        " FROM GroupUser JOIN AllGroup ON AllGroup.id = groupid"
        " WHERE userid = ? AND groupid > ? ORDER BY groupid LIMIT ?",
        (user_id, after, limit),
    )
    return [Membership(Group(*group), Role(role)) for *group, role in rows]


def _count_of(connection: Connection, user_id: int) -> int:
    query = "SELECT count(*) FROM GroupUser WHERE userid = ?"
    (count,) = connection.execute(query, (user_id,)).fetchone()
    return int(count)


def _members(connection: Connection, group_id: int, after: int, limit: int) -> list[Member]:
    _group(connection, group_id)
    rows = connection.execute(
        "SELECT userid, name, grouprole FROM GroupUser JOIN User ON User.id = userid"
        " WHERE groupid = ? AND userid > ? ORDER BY userid LIMIT ?",
        (group_id, after, limit),
    )
    return [Member(user_id, name, Role(role)) for user_id, name, role in rows]


def _member_ids(connection: Connection, group_id: int) -> list[int]:
    _group(connection, group_id)
    return ids(
        connection, "SELECT json_group_array(userid) FROM GroupUser WHERE groupid = ?", group_id
    )


def _group(connection: Connection, group_id: int) -> Group:
    query = "SELECT id, groupname, groupdesc FROM AllGroup WHERE id = ?"
    row = connection.execute(query, (bounded(group_id),)).fetchone()
    if row is None:
        raise NoSuchGroup(group_id)
    return Group(*row)


def _enter(connection: Connection, group_id: int, user_id: int, role: Role) -> bool:
    """Add a member behind those who are there; whether they were none yet."""
    added = connection.execute(
        "INSERT INTO GroupUser (groupid, userid, grouprole, joined)"
        " SELECT ?1, ?2, ?3, ifnull(max(joined), 0) + 1 FROM GroupUser WHERE groupid = ?1"
        " ON CONFLICT (groupid, userid) DO NOTHING",
        (group_id, user_id, role.value),
    )
    return bool(added.rowcount)
