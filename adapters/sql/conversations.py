"""A user's conversations, those first in which something was said last."""

from collections.abc import Sequence

from adapters.sql import entries, judging
from adapters.sql.database import Connection, Row
from adapters.sql.numbers import FOR_EVER, HIDES_READ, NO_ID
from chat_domain.entries import KINDS, TEXT, Entry
from chat_domain.model import MOST_UNREAD, UNNAMED, Conversation

# The last entry of each kind that a row of Member shows to its user; 0 where there is none.
_LASTS = ", ".join(
    "coalesce((SELECT at FROM Entry WHERE Entry.conv = Member.conv"  # noqa: S608  # constants
    f" AND kind = {kind} AND at > since AND at <= `left` ORDER BY at DESC LIMIT 1), 0)"
    for kind in KINDS
)
# Whom the user has a conversation of two with; 0 in a group, and with oneself.
_PEER = (
    f"CASE WHEN conv < {NO_ID} OR conv >> 32 = conv & 4294967295 THEN 0"
    " WHEN conv >> 32 = userid THEN conv & 4294967295 ELSE conv >> 32 END"
)
_FACTS = (
    "page.conv, page.since, page.`left`, page.`read`, last, peer,"
    " coalesce(groupname, name), got, Peer.`read`, hides, page.quiet"
)
_UNREAD = (
    "SELECT count(*) AS one FROM (SELECT 1 FROM Entry"  # noqa: S608  # constants
    " WHERE conv = ? AND kind = ? AND at > ? AND at <= ? AND senderid <> ?"
    f" LIMIT {MOST_UNREAD}) AS texts"
)


async def page(connection: Connection, user_id: int, below: int, limit: int) -> list[Conversation]:
    """See `ports.Log.conversations`. What has an entry that is none for its last is left out."""
    found: list[Conversation] = []
    while len(found) < limit:
        rows = await _rows(connection, user_id, below, limit - len(found))
        if not rows:
            break
        lasts = {one.at: one for one in await entries.at(connection, [row[4] for row in rows])}
        shown = [row for row in rows if row[4] in lasts]
        unread = await _unread(connection, user_id, shown)
        found += [
            _conversation(row, lasts[row[4]], count)
            for row, count in zip(shown, unread, strict=True)
        ]
        below = rows[-1][4]
    return found


async def _rows(connection: Connection, user_id: int, below: int, limit: int) -> list[Row]:
    """Of those whose last entry is below a position."""
    lasts = f"{connection.words.greatest}({_LASTS})"
    rows = await connection.rows(
        f"SELECT {_FACTS} FROM"  # noqa: S608  # constants
        " (SELECT conv, since, `left`, `read`, quiet, last, peer FROM"
        f"  (SELECT conv, since, `left`, `read`, quiet, {lasts} AS last, {_PEER} AS peer"
        "   FROM Member WHERE userid = ?) AS every"
        "  WHERE last > 0 AND last < ? ORDER BY last DESC LIMIT ?) AS page"
        " LEFT JOIN AllGroup ON AllGroup.id = page.conv"
        " LEFT JOIN User ON User.id = peer"
        " LEFT JOIN Member AS Peer ON Peer.userid = peer AND Peer.conv = page.conv",
        (user_id, below, limit),
    )
    return sorted(rows, key=lambda row: -row[4])


async def _unread(connection: Connection, user_id: int, rows: Sequence[Row]) -> list[int]:
    counts = await connection.integers(
        _UNREAD,
        [(conv, TEXT, max(since, read), left, user_id) for conv, since, left, read, *_ in rows],
    )
    return [count for (count,) in counts]


def _conversation(row: Row, last: Entry, unread: int) -> Conversation:
    conv, _, left, read, _, peer, name, got, peer_read, hides, quiet = row
    if hides is not None and judging.position(hides) & HIDES_READ:
        peer_read = None
    return Conversation(
        conv,
        UNNAMED if name is None else judging.name(name),
        last,
        judging.position(read),
        unread,
        left=left != FOR_EVER,
        quiet=bool(quiet),
        peer_got=None if peer == 0 or got is None else judging.position(got),
        peer_read=None if peer_read is None else judging.position(peer_read),
    )
