"""How a batch gets into the log, in the writer's thread, which is the only one that writes.

Most batches have texts alone, none of which is in the log already. So they are put into the table
as they are; only where it has refused one, or one needs more than a row, all of them are looked up.
What is remembered of the database is what was committed.
"""

import sqlite3
from collections import deque

from adapters.at_once import at_once
from adapters.remembered import Remembered
from adapters.sql import changes, entries, members, reading
from adapters.sqlite.database import SqliteConnection
from chat_domain.entries import Batch, Ends, Entry, Place, is_group
from chat_domain.ports.store import Committed, Moved, OutOfDate

MET = 100_000  # conversations of two that are known to have their members; at most twice as many
_RECENT = 4  # batches of which the last entry is known

_INSERT = f"{entries.INSERT} ON CONFLICT DO NOTHING"
_COUNT_UP = "UPDATE Log SET head = ?, changed = ? WHERE epoch = ? AND head = ?"


class Appender:
    """See `ports.Log.append`; raises what SQLite does. All but `forget_pairs` is for the thread."""

    def __init__(self) -> None:
        self._ends: Ends | None = None  # as they were after the last commit
        self._met = Remembered(MET)
        self._recent: deque[Entry] = deque(maxlen=_RECENT)

    def forget_pairs(self) -> None:
        """Somebody is no more, and has conversations that are known."""
        self._met.clear()

    def append(self, connection: sqlite3.Connection, batch: Batch) -> Committed | OutOfDate | Moved:
        ends = self._ends
        if ends is None or ends.epoch != batch.epoch:
            ends = at_once(reading.ends(SqliteConnection(connection)))
        if ends.epoch != batch.epoch or not self._follows(connection, batch, ends):
            return Moved()
        if ends.changed > batch.judged:
            return OutOfDate(ends.changed)
        self._ends = None  # until it is committed
        connection.execute("BEGIN IMMEDIATE")
        outcome = self._append_texts(connection, batch, ends)
        if outcome is None:
            outcome = self._append_any(connection, batch, ends)
        return outcome

    def _follows(self, connection: sqlite3.Connection, batch: Batch, ends: Ends) -> bool:
        """Whether what the batch was judged by is in the log."""
        last = batch.last
        if max(last.at, batch.judged) > ends.head:
            return False
        for entry in self._recent:
            if Place(entry.at, entry.cid, entry.sender_id) == last:
                return True
        return at_once(_has(SqliteConnection(connection), last))

    def _append_texts(
        self, connection: sqlite3.Connection, batch: Batch, ends: Ends
    ) -> Committed | Moved | None:
        """None, and nothing done, where it is not so easy."""
        if batch.refused:
            return None
        at, met, new = ends.head, self._met, dict[int, int]()
        rows = []
        for entry in batch.entries:
            if entry.change is not None:
                return None
            at += 1
            conv = entry.conv
            if not is_group(conv) and conv not in met:
                new.setdefault(conv, at)
            rows.append(
                (
                    at,
                    conv,
                    entry.kind,
                    entry.sender_id,
                    entry.cid,
                    entry.time_ms,
                    entry.answers,
                    entry.text,
                )
            )
        if new and not at_once(_introduce(SqliteConnection(connection), new)):
            return None
        if connection.executemany(_INSERT, rows).rowcount < len(rows):
            connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            return None
        if not self._commit(connection, ends, at, ends.changed, new):
            return Moved()
        for entry, row in zip(batch.entries, rows, strict=True):
            entry.at = row[0]
        self._recent.extend(batch.entries[-1:])
        return Committed()

    def _append_any(
        self, connection: sqlite3.Connection, batch: Batch, ends: Ends
    ) -> Committed | Moved:
        lent = SqliteConnection(connection)
        seen = at_once(entries.look_up(lent, batch, self._met))
        admission = at_once(changes.append(lent, batch, seen, ends.head, ends.changed))
        head, changed = admission.head, admission.changed
        if not self._commit(connection, ends, head, changed, admission.met):
            return Moved()
        admission.settle()
        if admission.rows:
            self._recent.append(admission.rows[-1].entry)
        return Committed(admission.others)

    def _commit(
        self,
        connection: sqlite3.Connection,
        ends: Ends,
        head: int,
        changed: int,
        met: dict[int, int],
    ) -> bool:
        """False, and nothing done, where the log is not what it was any more: its epoch is not."""
        counted = connection.execute(_COUNT_UP, (head, changed, ends.epoch, ends.head)).rowcount
        if not counted:
            connection.execute("ROLLBACK")
            return False
        connection.execute("COMMIT")
        self._ends = Ends(ends.epoch, head, ends.oldest, changed)
        for conv in met:
            self._met.add(conv)
        return True


async def _has(connection: SqliteConnection, last: Place) -> bool:
    return await entries.has(connection, last, (await reading.ends(connection)).oldest)


async def _introduce(connection: SqliteConnection, convs: dict[int, int]) -> bool:
    """Give these conversations of two their members, unless somebody in them does not exist."""
    if await entries.missing(connection, sorted(convs)):
        return False
    await members.meet(connection, convs)
    return True
