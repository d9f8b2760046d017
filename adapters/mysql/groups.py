"""The groups and who is in them, in the tables AllGroup and GroupUser.

Whatever changes a group's members first raises the number `changes` in the group's own row. That
makes such changes wait for each other; and where several servers take writes (Galera), two of them
that change one group at the same time both write this row, so that one has to begin again.
The number also says in which order members came.
"""

import attrs
from pymysql.err import IntegrityError

from adapters.mysql.link import Link
from adapters.mysql.numbers import bounded
from adapters.mysql.pool import Pool
from adapters.mysql.skipping import skip_ids
from chat_domain.errors import AlreadyMember, GroupNameTaken, NoSuchGroup, NotMember
from chat_domain.model import Group, Member, Membership, Role
from chat_domain.names import Name


@attrs.frozen
class MySqlGroups:
    _pool: Pool

    async def create(self, name: Name, description: str, creator_id: int) -> Group:
        return await self._pool.write(_create, name, description, creator_id)

    async def join(self, group_id: int, user_id: int) -> Group:
        return await self._pool.write(_join, group_id, user_id)

    async def leave(self, group_id: int, user_id: int) -> None:
        await self._pool.write(_leave, group_id, user_id)

    async def skip_ids(self, number: int) -> None:
        await self._pool.write(skip_ids, "AllGroup", ("groupname", "namekey", "groupdesc"), number)

    async def page_of(self, user_id: int, after: int, limit: int) -> list[Membership]:
        return await self._pool.read(_page_of, bounded(user_id), bounded(after), bounded(limit))

    async def count_of(self, user_id: int) -> int:
        return await self._pool.read(_count_of, bounded(user_id))

    async def members(self, group_id: int, after: int, limit: int) -> list[Member]:
        return await self._pool.read(_members, group_id, bounded(after), bounded(limit))

    async def member_ids(self, group_id: int) -> list[int]:
        return await self._pool.read(_member_ids, group_id)


async def _create(link: Link, name: Name, description: str, creator_id: int) -> Group:
    key = name.key
    # asked first, since a row that is refused by its key uses up an id all the same
    if await link.rows("SELECT 1 FROM AllGroup WHERE namekey = %s", (key,)):
        raise GroupNameTaken(name.text)
    try:
        added = await link.change(
            "INSERT INTO AllGroup (groupname, namekey, groupdesc, changes) VALUES (%s, %s, %s, 1)",
            (name.text, key, description),
        )
    except IntegrityError as error:
        raise GroupNameTaken(name.text) from error
    await _enter(link, added.last_id, creator_id, Role.CREATOR, 1)
    return Group(added.last_id, name.text, description)


async def _join(link: Link, group_id: int, user_id: int) -> Group:
    await _change(link, group_id)
    ((name, description, number),) = await link.rows(
        "SELECT groupname, groupdesc, changes FROM AllGroup WHERE id = %s", (group_id,)
    )
    if not await _enter(link, group_id, user_id, Role.NORMAL, number):
        raise AlreadyMember(group_id)
    return Group(group_id, name, description)


async def _leave(link: Link, group_id: int, user_id: int) -> None:
    await _change(link, group_id)
    roles = await link.rows(
        "SELECT grouprole FROM GroupUser WHERE groupid = %s AND userid = %s",
        (group_id, bounded(user_id)),
    )
    if not roles:
        raise NotMember(group_id)
    await link.change(
        "DELETE FROM GroupUser WHERE groupid = %s AND userid = %s", (group_id, user_id)
    )
    if roles == [(Role.CREATOR.value,)]:
        await _find_successor(link, group_id)


async def _find_successor(link: Link, group_id: int) -> None:
    succeeded = await link.change(
        "UPDATE GroupUser SET grouprole = %s WHERE groupid = %s ORDER BY joined, userid LIMIT 1",
        (Role.CREATOR.value, group_id),
    )
    if not succeeded.rows:
        await link.change("DELETE FROM AllGroup WHERE id = %s", (group_id,))


async def _page_of(link: Link, user_id: int, after: int, limit: int) -> list[Membership]:
    rows = await link.rows(
        "SELECT id, groupname, groupdesc, grouprole"
        " FROM GroupUser JOIN AllGroup ON AllGroup.id = groupid"
        " WHERE userid = %s AND groupid > %s ORDER BY groupid LIMIT %s",
        (user_id, after, limit),
    )
    return [Membership(Group(*group), Role(role)) for *group, role in rows]


async def _count_of(link: Link, user_id: int) -> int:
    ((count,),) = await link.rows("SELECT count(*) FROM GroupUser WHERE userid = %s", (user_id,))
    return int(count)


async def _members(link: Link, group_id: int, after: int, limit: int) -> list[Member]:
    rows = await link.rows(
        "SELECT userid, name, grouprole FROM GroupUser JOIN User ON User.id = userid"
        " WHERE groupid = %s AND userid > %s ORDER BY userid LIMIT %s",
        (bounded(group_id), after, limit),
    )
    if not rows:  # behind the last one, or no group at all: one without members is none
        await _member_ids(link, group_id)
    return [Member(user_id, name, Role(role)) for user_id, name, role in rows]


async def _member_ids(link: Link, group_id: int) -> list[int]:
    query = "SELECT userid FROM GroupUser WHERE groupid = %s ORDER BY userid"
    rows = await link.rows(query, (bounded(group_id),))
    if not rows:
        raise NoSuchGroup(group_id)
    return [user_id for (user_id,) in rows]


async def _change(link: Link, group_id: int) -> None:
    changed = await link.change(
        "UPDATE AllGroup SET changes = changes + 1 WHERE id = %s", (bounded(group_id),)
    )
    if not changed.rows:
        raise NoSuchGroup(group_id)


async def _enter(link: Link, group_id: int, user_id: int, role: Role, number: int) -> bool:
    """Add a member behind those who are there; whether they were none yet."""
    added = await link.change(
        "INSERT INTO GroupUser (groupid, userid, grouprole, joined) VALUES (%s, %s, %s, %s)"
        " ON DUPLICATE KEY UPDATE groupid = groupid",
        (group_id, user_id, role.value, number),
    )
    return bool(added.rows)
