"""The table Entry: what is in the log.

To append, first `look_up` a batch, which only reads; then put what `admission` makes of it into the
tables with `insert`, together with the effects of changes (`changes`). Each adapter handles the row
of Log itself: how it is locked and increased differs.
"""

import json
from collections.abc import Collection, Container, Sequence
from typing import Any

from adapters.sql import members, validation
from adapters.sql.admission import Admission, FirstCopy, Key, Row, Seen
from adapters.sql.database import Connection
from chat_domain.entries import (
    TEXT,
    Batch,
    Change,
    Entry,
    EntryRef,
    ErasureProgress,
    is_group,
    people,
)

INSERT = (
    "INSERT INTO Entry (at, conv, kind, senderid, cid, time_ms, re, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
# The columns of entries (see `validation.entries`). A user who no longer exists has no name.
_COLUMNS = "SELECT at, conv, kind, senderid, name, cid, time_ms, re, body"
_WITH_SENDER = "LEFT JOIN User ON User.id = senderid"
SELECT = f"{_COLUMNS} FROM Entry {_WITH_SENDER}"
MOST_INVALID = 1_000  # rows that a page passes over; each may take a statement
IN_SPAN = "FROM Entry WHERE conv = ? AND at > ? AND at <= ? ORDER BY at"


def values(row: Row) -> tuple[Any, ...]:
    """The values for INSERT."""
    entry = row.entry
    body = entry.text if row.change is None else body_of(row.change)
    return (
        row.at,
        row.conv,
        entry.kind,
        entry.sender_id,
        entry.cid,
        entry.time_ms,
        entry.answers,
        body,
    )


def body_of(change: Change) -> str:
    """A change in the form that `validation.change` reads."""
    facts = {
        "what": str(change.what),
        "user_id": change.user_id,
        "name": change.name,
        "detail": change.detail,
    }
    return json.dumps(
        {fact: value for fact, value in facts.items() if value},
        ensure_ascii=False,
        separators=(",", ":"),
    )


async def has(connection: Connection, place: EntryRef, oldest: int) -> bool:
    """Whether the log has this entry at its position, as far as can be told: if none is there, it
    was deleted. The head is not looked at."""
    if place.at < oldest:
        return True
    query = "SELECT senderid, cid, time_ms FROM Entry WHERE at = ?"
    rows = await connection.rows(query, (place.at,))
    found = [
        EntryRef(place.at, validation.text(cid), sender, time_ms) for sender, cid, time_ms in rows
    ]
    return found in ([], [place])


async def at(connection: Connection, positions: Sequence[int]) -> list[Entry]:
    """The entries at these positions, ascending; invalid rows are left out."""
    if not positions:
        return []
    return validation.entries(await connection.rows_in(f"{SELECT} WHERE at IN", positions))


async def in_span(
    connection: Connection, span: members.Span, limit: int, *, last: bool
) -> list[Entry]:
    """The first or the last entries of a part, ascending. Others are read in place of invalid rows,
    so that fewer than `limit` are the end; so are more than MOST_INVALID. The index finds them
    before they are read, whatever a database estimates of the number of rows."""
    places = f"SELECT at AS place {IN_SPAN} {'DESC' if last else ''} LIMIT ?"
    query = f"{_COLUMNS} FROM ({places}) AS part JOIN Entry ON at = place {_WITH_SENDER}"
    found, invalid = list[Entry](), 0
    while True:
        asked = limit - len(found)
        rows = await connection.rows(query, (*span, asked))
        some = validation.entries(rows)
        found = [*some, *found] if last else [*found, *some]
        invalid += len(rows) - len(some)
        if len(some) == len(rows) or len(rows) < asked or invalid > MOST_INVALID:
            return found
        positions = [row[0] for row in rows]
        span = (
            span._replace(upto=min(positions) - 1) if last else span._replace(above=max(positions))
        )


async def look_up(connection: Connection, batch: Batch, known_pairs: Container[int]) -> Seen:
    """What `adapters.sql.admission` needs. known_pairs: conversations of two that are known to have
    members."""
    entries = batch.entries
    pairs = {entry.conv for entry in entries if not is_group(entry.conv)}
    new = sorted(conv for conv in pairs if conv not in known_pairs)
    absent = await missing(connection, new)
    refused = {entries[place].conv for place in batch.refused}
    return Seen(
        first_copies=await first_copies(connection, entries),
        missing=absent,
        new=[conv for conv in new if conv not in absent],
        ended=await _ended(connection, sorted(filter(is_group, refused))),
    )


async def first_copies(connection: Connection, entries: Collection[Entry]) -> dict[Key, FirstCopy]:
    """Those of these entries that the log already has."""
    asked = [(entry.cid, entry.sender_id) for entry in entries]
    columns = "senderid, cid, at, time_ms, conv, kind, re, body"
    query = f"SELECT {columns} FROM Entry WHERE (cid, senderid) IN"  # noqa: S608  # constants
    rows = await connection.rows_in_pairs(query, asked)
    return dict(validation.first_copy(row) for row in rows)


async def missing(connection: Connection, convs: Sequence[int]) -> dict[int, int]:
    """By conversation of two, a user in it who does not exist."""
    asked = sorted({user_id for conv in convs for user_id in people(conv)})
    if not asked:
        return {}
    there = {row[0] for row in await connection.rows_in("SELECT id FROM User WHERE id IN", asked)}
    return {conv: user_id for conv in convs for user_id in people(conv) if user_id not in there}


async def _ended(connection: Connection, group_ids: Sequence[int]) -> set[int]:
    if not group_ids:
        return set()
    rows = await connection.rows_in("SELECT id FROM AllGroup WHERE id IN", group_ids)
    return set(group_ids) - {row[0] for row in rows}


async def insert(connection: Connection, admission: Admission, *, behind: int = 0) -> None:
    """Insert the rows of a batch above a position, and give conversations of two that begin with
    them their members."""
    begun = {conv: at for conv, at in admission.begun.items() if at > behind}
    if begun:
        await members.add_pairs(connection, begun)
    rows = [values(row) for row in admission.rows if row.at > behind]
    if rows:
        await connection.change_each(INSERT, rows)


async def erase(connection: Connection, sender_id: int, above: int, at: int) -> None:
    """Empty all texts of a sender above a position, by the change at another. It goes through their
    conversations one by one, for which there is an index."""
    rows = await connection.rows("SELECT conv FROM Member WHERE userid = ?", (sender_id,))
    await connection.change_each(
        "UPDATE Entry SET kind = 2, body = '', edited = ?"
        " WHERE conv = ? AND at > ? AND kind = 0 AND senderid = ?",
        [(at, conv, above, sender_id) for conv in sorted(row[0] for row in rows)],
    )


async def erase_some(
    connection: Connection, user_id: int, so_far: ErasureProgress, upto: int, limit: int
) -> ErasureProgress:
    """See `ports.Log.erase`. A conversation counts as one entry, even if it has none."""
    at, conv = so_far.at, so_far.conv or await _next_conv(connection, user_id, 0)
    while conv:
        rows = await connection.rows(
            "SELECT at, kind, senderid FROM Entry WHERE conv = ? AND at > ? AND at <= ?"
            " ORDER BY at LIMIT ?",
            (conv, at, upto, limit),
        )
        texts = [at for at, kind, sender_id in rows if (kind, sender_id) == (TEXT, user_id)]
        if texts:
            await connection.change_in("UPDATE Entry SET kind = 2, body = '' WHERE at IN", texts)
        limit -= len(rows) + 1
        if limit < 0:
            return ErasureProgress(conv, rows[-1][0])
        conv, at = await _next_conv(connection, user_id, conv), 0
        if limit == 0 and conv:
            return ErasureProgress(conv)
    return ErasureProgress(done=True)


async def _next_conv(connection: Connection, user_id: int, after: int) -> int:
    """The next conversation that a user is or was in, 0 if there is none."""
    query = "SELECT conv FROM Member WHERE userid = ? AND conv > ? ORDER BY conv LIMIT 1"
    rows = await connection.rows(query, (user_id, after))
    return int(rows[0][0]) if rows else 0
