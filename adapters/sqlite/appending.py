"""How a batch gets into the log, in the writer's thread, the only one that writes.

Most batches have only texts, none of which is in the log already. So they are inserted as they are;
only if the table refuses one, or one needs more than a row, all of them are looked up. Only what
was committed is remembered of the database.
"""

import sqlite3
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType

from adapters.runtime.synchronous import run_synchronously
from adapters.sql import changes, entries, members, reading
from adapters.sql.recent_numbers import RecentNumbers
from adapters.sqlite.database import SqliteConnection
from chat_domain.entries import ID_BITS, Batch, Duplicate, Entry, EntryRef
from chat_domain.errors import ChatError
from chat_domain.ports.log import Committed, EpochChanged, OutOfDate

Others = Mapping[int, Duplicate | ChatError]  # see `Committed`

KNOWN_PAIRS = 100_000  # pairs known to have their members; at most twice as many
_RECENT = 4  # batches whose last entries are remembered
_NONE: Others = MappingProxyType({})

_INSERT = f"{entries.INSERT} ON CONFLICT DO NOTHING"
_COUNT_UP = "UPDATE Log SET head = ?, changed = ? WHERE epoch = ? AND head = ?"


class _OtherEpoch(Exception):
    """The log does not have the epoch that was known."""


class Appender:
    """See `ports.Log.append`; raises SQLite's errors. All but `forget_pairs` is for the thread."""

    def __init__(self) -> None:
        # the log as it is committed; if the epoch is "", nothing is known of it
        self._epoch, self._head, self._changed = "", 0, 0
        self._known_pairs = RecentNumbers(KNOWN_PAIRS)
        self._recent: deque[Entry] = deque(maxlen=_RECENT)

    def forget_pairs(self) -> None:
        """A user has been removed who has conversations that are remembered."""
        self._known_pairs.clear()

    def append(
        self, connection: sqlite3.Connection, batch: Batch
    ) -> Committed | OutOfDate | EpochChanged:
        if self._epoch != batch.epoch:
            self._read_ends(connection)
        if self._epoch != batch.epoch or not self._follows(connection, batch):
            return EpochChanged()
        if self._changed > batch.applied:
            return OutOfDate(self._changed)
        self._epoch = ""  # until it is committed
        connection.execute("BEGIN IMMEDIATE")
        try:
            others = self._append_texts(connection, batch)
            if others is None:
                others = self._append_any(connection, batch)
        except _OtherEpoch:
            connection.execute("ROLLBACK")
            return EpochChanged()
        return Committed(others)

    def _read_ends(self, connection: sqlite3.Connection) -> None:
        ends = run_synchronously(reading.ends(SqliteConnection(connection)))
        self._epoch, self._head, self._changed = ends.epoch, ends.head, ends.changed
        self._recent.clear()  # the remembered end of the log may be lost
        self._known_pairs.clear()

    def _follows(self, connection: sqlite3.Connection, batch: Batch) -> bool:
        """Whether the log has what the batch was authorized by."""
        last, head = batch.last, self._head
        at = last.at
        if at > head or batch.applied > head:
            return False
        for entry in self._recent:
            if entry.at == at:
                return entry.ref == last
        return not at or run_synchronously(_has(SqliteConnection(connection), last))

    def _append_texts(self, connection: sqlite3.Connection, batch: Batch) -> Others | None:
        """Return None, with nothing done, for a batch that needs more."""
        if batch.refused:
            return None
        head, known, new = self._head, self._known_pairs, dict[int, int]()
        at = head
        rows = []
        for entry in batch.entries:
            if entry.change is not None:
                return None
            at += 1
            conv = entry.conv
            if conv not in known.latest and conv > ID_BITS and conv not in known:
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
        if new and not run_synchronously(_add_pairs(SqliteConnection(connection), new)):
            return None
        if connection.executemany(_INSERT, rows).rowcount < len(rows):
            connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            return None
        self._commit(connection, batch.epoch, at, self._changed, new)
        for at, entry in enumerate(batch.entries, head + 1):
            entry.at = at
        self._recent.extend(batch.entries[-1:])
        return _NONE

    def _append_any(self, connection: sqlite3.Connection, batch: Batch) -> Others:
        lent = SqliteConnection(connection)
        seen = run_synchronously(entries.look_up(lent, batch, self._known_pairs))
        admission = run_synchronously(changes.append(lent, batch, seen, self._head, self._changed))
        self._commit(connection, batch.epoch, admission.head, admission.changed, admission.begun)
        admission.settle()
        self._recent.extend(row.entry for row in admission.rows[-1:])
        return admission.others

    def _commit(
        self,
        connection: sqlite3.Connection,
        epoch: str,
        head: int,
        changed: int,
        begun: Mapping[int, int],
    ) -> None:
        counted = connection.execute(_COUNT_UP, (head, changed, epoch, self._head)).rowcount
        if not counted:
            raise _OtherEpoch
        connection.execute("COMMIT")
        self._epoch, self._head, self._changed = epoch, head, changed
        for conv in begun:
            self._known_pairs.add(conv)


async def _has(connection: SqliteConnection, last: EntryRef) -> bool:
    return await entries.has(connection, last, (await reading.ends(connection)).oldest)


async def _add_pairs(connection: SqliteConnection, convs: Mapping[int, int]) -> bool:
    """Give these conversations of two their members, unless one of their users does not exist."""
    if await entries.missing(connection, sorted(convs)):
        return False
    await members.add_pairs(connection, convs)
    return True
