"""The table Member: who is or was in which conversation, and which positions they see of it.

A member sees `since` < `at` <= `left`; `left` is FOREVER for one who has not left. A row stays
when its user leaves. Code that changes rows here holds the lock that orders all appends.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from adapters.ids import NO_ID
from adapters.sql import validation
from adapters.sql.database import Connection
from adapters.sql.numbers import HIDES_READ
from chat_domain.entries import FOREVER, Visibility, pair, people
from chat_domain.model import Role

_ADD = (
    "INSERT INTO Member (userid, conv, role, joined, since, `left`, `read`)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Span(NamedTuple):
    """A part of a conversation: above one position, up to another."""

    conv: int
    above: int
    upto: int


async def add_pairs(connection: Connection, convs: Mapping[int, int]) -> None:
    """Give conversations of two their members, if they have none yet. convs: the position at which
    each begins, by conversation."""
    rows = [
        (user_id, conv, Role.NORMAL.value, at, 0, FOREVER, 0)
        for conv, at in sorted(convs.items())
        for user_id in dict.fromkeys(people(conv))
    ]
    await connection.change_each(f"{_ADD} {connection.dialect.unless_there}", rows)


async def enter(  # noqa: PLR0917  # a member's columns
    connection: Connection, conv: int, user_id: int, role: Role, at: int, since: int
) -> bool:
    """Add a user to a group; return False if they are in it. What was before counts as read."""
    place = (role.value, at, since, FOREVER, at - 1)
    left = await connection.rows(
        "SELECT `left` FROM Member WHERE userid = ? AND conv = ?", (user_id, conv)
    )
    if not left:
        await connection.change(_ADD, (user_id, conv, *place))
    elif left[0][0] == FOREVER:
        return False
    else:
        await connection.change(
            "UPDATE Member SET role = ?, joined = ?, since = ?, `left` = ?, `read` = ?"
            " WHERE userid = ? AND conv = ?",
            (*place, user_id, conv),
        )
    return True


async def role_of(connection: Connection, conv: int, user_id: int) -> Role | None:
    """A user's role in a group, None if they are not in it."""
    rows = await connection.rows(
        "SELECT role FROM Member WHERE userid = ? AND conv = ? AND `left` = ?",
        (user_id, conv, FOREVER),
    )
    return validation.role(rows[0][0]) if rows else None


async def leave(connection: Connection, conv: int, user_id: int, at: int) -> None:
    """End a membership: the user sees their own leaving, and nothing above it."""
    await connection.change(
        "UPDATE Member SET `left` = ? WHERE userid = ? AND conv = ?", (at, user_id, conv)
    )


async def leave_all(connection: Connection, conv: int, at: int) -> None:
    await connection.change(
        "UPDATE Member SET `left` = ? WHERE conv = ? AND `left` = ?", (at, conv, FOREVER)
    )


async def are_any_in(connection: Connection, conv: int) -> bool:
    """Whether a group has a member."""
    query = "SELECT 1 FROM Member WHERE conv = ? AND `left` = ? LIMIT 1"
    return bool(await connection.rows(query, (conv, FOREVER)))


async def heir(connection: Connection, conv: int) -> int:
    """The member who has been in a group for the longest, for which all of them are compared."""
    rows = await connection.rows(
        "SELECT userid FROM Member WHERE conv = ? AND `left` = ? ORDER BY joined, userid LIMIT 1",
        (conv, FOREVER),
    )
    return int(rows[0][0])


async def promote(connection: Connection, conv: int, user_id: int) -> None:
    await connection.change(
        "UPDATE Member SET role = ? WHERE userid = ? AND conv = ?",
        (Role.CREATOR.value, user_id, conv),
    )


async def may_begin(connection: Connection, user_id: int, other_id: int, most: int) -> bool:
    """See `ports.Log.may_begin`."""
    conv = pair(user_id, other_id)
    there = "SELECT 1 FROM Member WHERE userid = ? AND conv = ?"
    if await connection.rows(there, (user_id, conv)):
        return True
    ((count,),) = await connection.rows(
        "SELECT count(*) FROM"
        " (SELECT 1 FROM Member WHERE userid = ? AND conv >= ? LIMIT ?) AS of_two",
        (user_id, NO_ID, most),
    )
    return int(count) < most


async def groups_of(connection: Connection, user_id: int) -> list[int]:
    """The ids of the groups that a user is in, ascending."""
    rows = await connection.rows(
        "SELECT conv FROM Member WHERE userid = ? AND conv < ? AND `left` = ?",
        (user_id, NO_ID, FOREVER),
    )
    return sorted(validation.ids(row[0] for row in rows))


async def spans(
    connection: Connection, user_id: int, after: int, upto: int, limit: int
) -> list[Span]:
    """What a user may see above `after` and up to `upto`: at least the parts that have the first
    `limit` entries."""
    rows = await connection.behind(user_id, after, limit)
    found = _spans(rows, after, upto)
    if len(found) < len(rows) == limit:  # invalid rows have taken the places of memberships
        return await spans(connection, user_id, after, upto, FOREVER)
    return found


async def span(
    connection: Connection, user_id: int, conv: int, after: int, upto: int
) -> Span | None:
    """The same for one conversation, up to the log's head at most; None if there is nothing."""
    rows = await connection.rows(
        "SELECT conv, since, `left`, head FROM Member, Log WHERE userid = ? AND conv = ?",
        (user_id, conv),
    )
    for *row, head in validation.positions(rows):
        return next(iter(_spans([row], after, min(upto, head))), None)
    return None


async def visibility(connection: Connection, user_id: int, conv: int) -> Visibility | None:
    """See `ports.Log.visibility`."""
    rows = await connection.rows(
        "SELECT since, `left`, `read` FROM Member WHERE userid = ? AND conv = ?", (user_id, conv)
    )
    for *span, read in rows:
        for since, left in validation.positions([span]):
            return Visibility(since, left, validation.position(read))
    return None


async def reads(connection: Connection, conv: int, most: int) -> dict[int, int]:
    """See `ports.Log.reads`."""
    rows = await connection.rows(
        "SELECT userid, `read`, hides FROM Member JOIN User ON User.id = userid"
        " WHERE conv = ? AND `left` = ? LIMIT ?",
        (conv, FOREVER, most + 1),
    )
    if len(rows) > most:
        return {}
    return {
        user_id: read
        for user_id, read, hides in validation.positions(rows)
        if read and not hides & HIDES_READ
    }


def _spans(rows: Sequence[Sequence[Any]], after: int, upto: int) -> list[Span]:
    found = [
        Span(conv, max(since, after), min(left, upto))
        for conv, since, left in validation.positions(rows)
    ]
    return [span for span in found if span.above < span.upto]
