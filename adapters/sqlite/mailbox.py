"""Messages that wait for their recipients, in the table OfflineMessage.

How full a mailbox is stands in `User.waiting`, which every insertion and deletion keeps up
within its own transaction: so the check costs the same for a full mailbox as for an empty
one, and the number cannot differ from the rows, whatever is rolled back.
"""

import json
from collections.abc import Collection, Sequence
from sqlite3 import Connection

import attrs

from adapters.sql import judging
from adapters.sql.numbers import bounded
from adapters.sqlite.worker import Worker
from adapters.storage import reserve
from chat_domain.model import Entry, Filing, Message, Outcome


@attrs.frozen
class SqliteMailbox:
    _reader: Worker
    _writer: Worker
    _capacity: int

    async def add(self, entries: Sequence[Entry]) -> list[Filing]:
        return await self._writer.run(_add, tuple(entries), self._capacity)

    async def read(self, user_id: int, limit: int, without: Collection[str]) -> list[Message]:
        # copied, since the caller's may change while the thread reads
        return await self._reader.run(_read, bounded(user_id), bounded(limit), frozenset(without))

    async def sent(self, sender_id: int, recipients: Collection[int]) -> list[Entry]:
        mailboxes = json.dumps([bounded(user_id) for user_id in recipients])
        return await self._reader.run(_sent, bounded(sender_id), mailboxes)

    async def remove(self, user_id: int, mids: Collection[str]) -> None:
        if mids:
            await self._writer.run(_remove, bounded(user_id), tuple(mids))


def _add(connection: Connection, entries: tuple[Entry, ...], capacity: int) -> list[Filing]:
    return [_file(connection, entry.recipient_id, entry.message, capacity) for entry in entries]


def _file(connection: Connection, recipient: int, message: Message, capacity: int) -> Filing:
    recipient = bounded(recipient)
    counted = connection.execute(
        "UPDATE User SET waiting = waiting + 1 WHERE id = ?1 AND (waiting < ?2 OR waiting < ?3 AND"
        " EXISTS (SELECT 1 FROM Friend WHERE userid = ?1 AND friendid = ?4))",
        (recipient, capacity, capacity + reserve(capacity), message.sender_id),
    )
    if counted.rowcount:
        if _insert(connection, recipient, message):
            return Filing(Outcome.STORED, message)
        connection.execute("UPDATE User SET waiting = waiting - 1 WHERE id = ?", (recipient,))
    return _file_none(connection, recipient, message)


def _insert(connection: Connection, recipient: int, message: Message) -> bool:
    """Whether it is there now that was not before."""
    inserted = connection.execute(
        "INSERT INTO OfflineMessage"
        " (userid, mid, cid, senderid, sendername, groupid, message, time_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            recipient,
            message.mid,
            message.cid,
            message.sender_id,
            message.sender_name,
            message.group_id,
            message.text,
            message.time_ms,
        ),
    )
    return bool(inserted.rowcount)


def _file_none(connection: Connection, recipient: int, message: Message) -> Filing:
    """What to answer where nothing was added."""
    on_file = connection.execute(
        "SELECT mid, cid, senderid, sendername, groupid, message, time_ms FROM OfflineMessage"
        " WHERE userid = ? AND senderid = ? AND cid = ?",
        (recipient, message.sender_id, message.cid),
    ).fetchone()
    if on_file:
        return _file_copy(connection, recipient, judging.on_file(on_file), message)
    known = connection.execute("SELECT 1 FROM User WHERE id = ?", (recipient,)).fetchone()
    return Filing(Outcome.FULL if known else Outcome.NO_SUCH_USER, message)


def _file_copy(connection: Connection, recipient: int, first: Message, copy: Message) -> Filing:
    if not first.same_content(copy):
        return Filing(Outcome.CONFLICT, first)
    if first.mid <= copy.mid:
        return Filing(Outcome.STORED, first)
    connection.execute(
        "UPDATE OfflineMessage SET mid = ?, time_ms = ? WHERE userid = ? AND mid = ?",
        (copy.mid, copy.time_ms, recipient, first.mid),
    )
    return Filing(Outcome.STORED, copy)


def _read(
    connection: Connection, user_id: int, limit: int, without: frozenset[str]
) -> list[Message]:
    found: list[Message] = []
    asked, behind = limit + len(without), ""  # enough, even if all of `without` come first
    for _ in range(judging.LOOKS):
        rows = connection.execute(  # the index is put in order first, and only then the table read
            "SELECT mid, cid, senderid, sendername, groupid, message, time_ms FROM"
            " (SELECT mid FROM OfflineMessage WHERE userid = ?1 AND mid > ?3 ORDER BY mid LIMIT ?2)"
            " CROSS JOIN OfflineMessage USING (mid) WHERE userid = ?1 ORDER BY mid",
            (user_id, asked, behind),
        ).fetchall()
        found += [one for one in judging.messages(rows) if one.mid not in without]
        if len(found) >= limit or len(rows) < asked:
            break
        behind = rows[-1][0]
    return found[:limit]


def _sent(connection: Connection, sender_id: int, recipients: str) -> list[Entry]:
    rows = connection.execute(
        "SELECT userid, mid, cid, senderid, sendername, groupid, message, time_ms"
        " FROM OfflineMessage WHERE userid IN (SELECT value FROM json_each(?)) AND senderid = ?"
        " ORDER BY userid, mid",
        (recipients, sender_id),
    )
    return judging.entries(rows)


def _remove(connection: Connection, user_id: int, mids: tuple[str, ...]) -> None:
    removed = connection.executemany(
        "DELETE FROM OfflineMessage WHERE userid = ? AND mid = ?", [(user_id, mid) for mid in mids]
    )
    connection.execute(
        "UPDATE User SET waiting = waiting - ? WHERE id = ?", (removed.rowcount, user_id)
    )
