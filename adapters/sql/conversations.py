"""A user's conversations, those first in which something was said last."""

from collections.abc import Sequence
from typing import NamedTuple

from adapters.sql import entries, judging
from adapters.sql.database import Connection
from adapters.sql.numbers import FOR_EVER, HIDES_READ, NO_ID
from chat_domain.entries import CHANGE, TEXT, Entry
from chat_domain.model import MOST_UNREAD, UNNAMED, Conversation

# The last entry of the conversation of a row of Member, as far as its user may see it. Who has left
# sees their leaving last; what is above it need not be gone through. With oneself it is the last
# that was said. NULL where there is none.
_LAST = (
    f"CASE WHEN conv = userid * {2**32} + userid"  # noqa: S608  # constants
    f" THEN (SELECT at FROM Entry WHERE Entry.conv = Member.conv AND kind <> {CHANGE}"
    " ORDER BY at DESC LIMIT 1)"
    f" WHEN `left` = {FOR_EVER}"
    " THEN (SELECT at FROM Entry WHERE Entry.conv = Member.conv ORDER BY at DESC LIMIT 1)"
    " ELSE (SELECT at FROM Entry WHERE Entry.conv = Member.conv AND at = `left`) END"
)
# Whom the user has a conversation of two with, perhaps themselves; 0 in a group.
_PEER = (
    f"CASE WHEN conv < {NO_ID} THEN 0"
    " WHEN conv >> 32 = userid THEN conv & 4294967295 ELSE conv >> 32 END"
)
# The limit of the inner one is for the database, which would look for `last` several times if it
# merged the two.
_PAGE = (
    "SELECT * FROM"  # noqa: S608  # constants
    f" (SELECT userid, conv, since, `left`, `read`, quiet, {_LAST} AS last, {_PEER} AS peer"
    f" FROM Member WHERE userid = ? LIMIT {FOR_EVER}) AS every_one"
    " WHERE last > since AND last < ? ORDER BY last DESC LIMIT ?"
)
_UNREAD = (
    "SELECT count(*) AS one FROM (SELECT 1 FROM Entry"  # noqa: S608  # constants
    f" WHERE conv = ? AND at > ? AND at <= ? AND kind = {TEXT} AND senderid <> ?"
    f" LIMIT {MOST_UNREAD}) AS texts"
)


class _Row(NamedTuple):
    """unread: None where it has to be asked for."""

    conv: int
    since: int
    left: int
    read: int
    last: int
    peer: int
    name: str | None
    peer_got: int | None
    peer_read: int | None
    hides: int | None
    quiet: int
    unread: int | None


async def page(connection: Connection, user_id: int, below: int, limit: int) -> list[Conversation]:
    """See `ports.Log.conversations`. What has an entry that is none for its last is left out."""
    found: list[Conversation] = []
    while len(found) < limit:
        rows = await _rows(connection, user_id, below, limit - len(found))
        if not rows:
            break
        found += await _conversations(connection, user_id, rows)
        below = rows[-1].last
    return found


async def _rows(connection: Connection, user_id: int, below: int, limit: int) -> list[_Row]:
    """Those first that have the latest entry."""
    rows = await connection.rows(
        "SELECT page.conv, page.since, page.`left`, page.`read`, last, peer,"  # noqa: S608
        " coalesce(groupname, name), CASE WHEN Peer.conv IS NULL THEN NULL ELSE got END,"
        f" Peer.`read`, hides, page.quiet, {connection.words.unread}"
        f" FROM ({_PAGE}) AS page"
        " LEFT JOIN AllGroup ON AllGroup.id = page.conv"
        " LEFT JOIN User ON User.id = peer"
        " LEFT JOIN Member AS Peer"
        " ON Peer.userid = peer AND peer <> page.userid AND Peer.conv = page.conv",
        (user_id, below, limit),
    )
    return sorted((_Row(*row) for row in rows), key=lambda row: -row.last)


async def _conversations(
    connection: Connection, user_id: int, rows: Sequence[_Row]
) -> list[Conversation]:
    lasts = {one.at: one for one in await entries.at(connection, [row.last for row in rows])}
    shown = [row for row in rows if row.last in lasts]
    unread = await _unread(connection, user_id, shown)
    return [_conversation(row, lasts[row.last], unread.get(row.conv, 0)) for row in shown]


async def _unread(connection: Connection, user_id: int, rows: Sequence[_Row]) -> dict[int, int]:
    asked = [row for row in rows if row.unread is None and row.read < row.last]
    counts = await connection.integers(
        _UNREAD, [(row.conv, max(row.since, row.read), row.left, user_id) for row in asked]
    )
    found = {row.conv: count for row, (count,) in zip(asked, counts, strict=True)}
    return {row.conv: row.unread for row in rows if row.unread is not None} | found


def _conversation(row: _Row, last: Entry, unread: int) -> Conversation:
    hides_read = row.hides is not None and judging.position(row.hides) & HIDES_READ
    return Conversation(
        row.conv,
        UNNAMED if row.name is None else judging.name(row.name),
        last,
        judging.position(row.read),
        unread,
        left=row.left != FOR_EVER,
        quiet=bool(row.quiet),
        peer_got=None if row.peer_got is None else judging.position(row.peer_got),
        peer_read=(
            None if row.peer_read is None or hides_read else judging.position(row.peer_read)
        ),
    )
