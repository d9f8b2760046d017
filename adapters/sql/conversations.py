"""A user's conversations, the most recent first."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.ids import NO_ID
from adapters.sql import validation
from adapters.sql.database import Connection, Row
from adapters.sql.numbers import HIDES_READ
from chat_domain.entries import CHANGE, FOREVER, TEXT, Entry, pair
from chat_domain.model import MOST_PASSED_OVER, MOST_UNREAD, UNNAMED, Conversation

# The last entry of the conversation of a row of Member that its user may see. A user who has left
# sees their leaving last; entries above it need not be scanned. With oneself (the number of that
# conversation is an argument), it is the last text. NULL if there is none. It is ordered by `conv`
# as well, since MySQL otherwise reads and sorts all entries of the conversation.
_LAST = (
    f"CASE WHEN conv = userid * {2**32 + 1}"  # noqa: S608  # constants
    f" THEN (SELECT coalesce(max(CASE WHEN kind <> {CHANGE} THEN at END),"
    f" CASE WHEN count(*) = {MOST_PASSED_OVER} THEN max(at) END)"
    " FROM (SELECT at, kind FROM Entry WHERE conv = ?"
    f" ORDER BY at DESC LIMIT {MOST_PASSED_OVER}) AS newest)"
    f" WHEN `left` = {FOREVER}"
    " THEN (SELECT at FROM Entry WHERE Entry.conv = Member.conv"
    " ORDER BY conv DESC, at DESC LIMIT 1)"
    " ELSE (SELECT at FROM Entry WHERE Entry.conv = Member.conv AND at = `left`) END"
)
# The other user of a conversation of two, perhaps the user themselves; 0 for a group.
_PEER = (
    f"CASE WHEN page.conv < {NO_ID} THEN 0"
    " WHEN page.conv >> 32 = page.userid THEN page.conv & 4294967295 ELSE page.conv >> 32 END"
)
_EVERY = (
    f"SELECT userid, conv, since, `left`, `read`, quiet, {_LAST} AS last"  # noqa: S608  # constants
    " FROM Member WHERE userid = ?"
)


def shown(which: str = "") -> str:
    """A SELECT for `found`: those of a user's conversations in which they may see an entry, and the
    last such entry is below a position. Its arguments: their conversation with themselves, the
    user, and the position. which: a condition on Member that begins with AND; its arguments come
    before the position."""
    # The limit keeps the database from merging the two, and computing `last` several times.
    every = f"{_EVERY} {which} LIMIT {FOREVER}"
    return f"SELECT * FROM ({every}) AS every_one WHERE last > since AND last < ?"  # noqa: S608


_PAGE = f"{shown()} ORDER BY last DESC LIMIT ?"


_UNREAD = (
    "SELECT count(*) AS one FROM (SELECT 1 FROM Entry"  # noqa: S608  # constants
    f" WHERE conv = ? AND at > ? AND at <= ? AND kind = {TEXT} AND senderid <> ?"
    f" LIMIT {MOST_UNREAD}) AS texts"
)


_OF_LAST = 9  # columns with which a row begins, as in `entries.SELECT`


async def page(connection: Connection, user_id: int, below: int, limit: int) -> list[Conversation]:
    """See `ports.Log.conversations`. Conversations whose last entry is invalid are left out."""
    some: list[Conversation] = []
    while len(some) < limit:
        asked = limit - len(some)
        rows = await _rows(connection, _PAGE, (pair(user_id, user_id), user_id, below, asked))
        some += await _conversations(connection, user_id, rows)
        if len(rows) < asked:
            break
        below = min(row[0] for row in rows)
    return some


async def found(
    connection: Connection, user_id: int, which: str, args: Sequence[Any]
) -> list[Conversation]:
    """What this SELECT on a user's rows of Member finds, the latest first. See `shown`."""
    rows = await _rows(connection, which, args)
    return await _conversations(connection, user_id, rows)


async def _rows(connection: Connection, which: str, args: Sequence[Any]) -> list[Row]:
    """All in one statement, since a round trip takes longer than most of them. With CROSS JOIN,
    SQLite uses each row of the page as it finds it, instead of writing all of them down first."""
    return await connection.rows(
        "SELECT Said.at, Said.conv, Said.kind, Said.senderid, Sender.name, Said.cid,"  # noqa: S608
        " Said.time_ms, Said.re, Said.body, page.since, page.`left`, page.`read`, page.quiet,"
        " coalesce(groupname, User.name), CASE WHEN Peer.conv IS NULL THEN NULL ELSE User.got END,"
        f" CASE WHEN User.hides & {HIDES_READ} THEN NULL ELSE Peer.`read` END,"
        f" {connection.dialect.unread or 'NULL'}"
        f" FROM ({which}) AS page CROSS JOIN Entry AS Said ON Said.at = last"
        " LEFT JOIN User AS Sender ON Sender.id = Said.senderid"
        " LEFT JOIN AllGroup ON AllGroup.id = page.conv"
        f" LEFT JOIN User ON User.id = {_PEER}"
        " LEFT JOIN Member AS Peer"
        " ON Peer.userid = User.id AND User.id <> page.userid AND Peer.conv = page.conv",
        args,
    )


async def _conversations(
    connection: Connection, user_id: int, rows: Sequence[Row]
) -> list[Conversation]:
    counts = {} if connection.dialect.unread else await _unread(connection, user_id, rows)
    found = [
        _conversation(last, counts, *row[_OF_LAST:])
        for row in rows
        if (last := validation.entry(*row[:_OF_LAST])) is not None
    ]
    found.sort(key=lambda one: -one.last.at)
    return found


async def _unread(connection: Connection, user_id: int, rows: Sequence[Row]) -> dict[int, int]:
    """By conversation, the unread texts of those that are not read to their ends: up to the last
    entry, since others may have written more by now."""
    asked = {}
    for row in rows:
        at, conv, since, _, read = *row[:2], *row[_OF_LAST : _OF_LAST + 3]
        if read < at:
            asked[conv] = (conv, max(since, read), at, user_id)
    counts = await connection.integers(_UNREAD, list(asked.values())) if asked else []
    return {conv: count for conv, (count,) in zip(asked, counts, strict=True)}


def _conversation(  # noqa: PLR0917  # a row's columns
    last: Entry,
    counts: Mapping[int, int],
    _since: int,
    left: int,
    read: int,
    muted: int,
    name: str | None,
    peer_got: int | None,
    peer_read: int | None,
    unread: int | None,
) -> Conversation:
    """counts: those of `_unread`, used if the row has none."""
    return Conversation(
        last.conv,
        UNNAMED if name is None else validation.name(name),
        last,
        validation.position(read),
        counts.get(last.conv, 0) if unread is None else unread,
        left != FOREVER,
        bool(muted),
        None if peer_got is None else validation.position(peer_got),
        None if peer_read is None else validation.position(peer_read),
    )
