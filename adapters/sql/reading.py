"""Reading the log: all methods of `ports.Log` except `append`.

The head is read first, then memberships, then entries up to that head: so whatever is committed
meanwhile is above the head that is returned, even if statements do not share one snapshot.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from secrets import token_hex
from typing import Any, TypeVar

from adapters.runtime.keyed_semaphore import KeyedSemaphore
from adapters.sql import conversations, entries, members, retention, validation
from adapters.sql.database import Connection, Database
from adapters.sql.members import Span
from adapters.sql.numbers import bounded
from adapters.sql.repository import Repository, read_by, write_by
from chat_domain.entries import (
    EVERYWHERE,
    FOREVER,
    NO_ENTRY,
    TEXT,
    Entry,
    EntryRef,
    LogEnds,
    LogSlice,
    Opening,
    pair,
)
from chat_domain.model import Conversation
from chat_domain.ports.log import MORE_LOOKED_AT

T = TypeVar("T")

# Of a connection, a user, a position, and a number of results.
Survey = Callable[[Connection, int, int, int], Coroutine[Any, Any, T]]

COUNTED_AT_ONCE = 1_000  # conversations in which a user has missed something

# For each user, reads that go through all their conversations
SURVEYS_AT_ONCE = 1
SURVEYS_WAITING = 100  # three times as many as a user may have sessions on a node


async def ends(connection: Connection) -> LogEnds:
    rows = await connection.rows("SELECT epoch, head, oldest, changed FROM Log, LogEnds")
    return validation.ends(rows)


async def _ends_and_place(connection: Connection, last: EntryRef, epoch: str) -> LogEnds | None:
    """None if the log does not have this entry at its position, and still has its epoch."""
    found = await ends(connection)
    if epoch not in ("", found.epoch):
        return found
    return found if await _has(connection, last, found) else None


async def _ends_under_lock(connection: Connection, last: EntryRef, epoch: str) -> LogEnds:
    """Nodes that miss something at the same time look again, one after another: the first gives the
    log a new epoch, and the others find that."""
    await connection.change("UPDATE Log SET head = head")  # this locks it until the commit
    found = await _ends_and_place(connection, last, epoch)
    if found is None:
        await renew(connection)
        found = await ends(connection)
    return found


async def renew(connection: Connection) -> str:
    """Give the log a new epoch, and cut all marks to its head."""
    epoch = token_hex(8)
    await connection.change("UPDATE Log SET epoch = ?", (epoch,))
    head = (await ends(connection)).head
    await connection.change("UPDATE User SET got = ? WHERE got > ?", (head, head))
    await connection.change("UPDATE Member SET `read` = ? WHERE `read` > ?", (head, head))
    return epoch


async def _tail(connection: Connection, after: int, limit: int) -> LogSlice:
    head = (await ends(connection)).head
    rows = await connection.rows(
        f"{entries.SELECT} WHERE at > ? AND at <= ? ORDER BY at LIMIT ?", (after, head, limit)
    )
    return _reading(sorted(row[0] for row in rows), validation.entries(rows), head, after, limit)


def _reading(
    positions: Sequence[int], found: Sequence[Entry], head: int, after: int, limit: int
) -> LogSlice:
    """positions: those of all rows, ascending, including invalid ones."""
    if len(positions) < limit:
        return LogSlice(tuple(found), head)
    return LogSlice(tuple(found), positions[-1] if positions else after)


async def _read(connection: Connection, user_id: int, after: int, limit: int) -> LogSlice:
    head = (await ends(connection)).head
    spans = await members.spans(connection, user_id, after, head, limit)
    positions = await _first(connection, spans, limit)
    found = await entries.at(connection, positions)
    return _reading(positions, found, head, after, limit)


async def _missed(connection: Connection, user_id: int, after: int, most: int) -> int:
    head = (await ends(connection)).head
    spans = await members.spans(connection, user_id, after, head, most)
    number = 0
    for start in range(0, len(spans), COUNTED_AT_ONCE):
        if number == most:  # the others may be very many
            break
        some = spans[start : start + COUNTED_AT_ONCE]
        number += len(await _first(connection, some, most - number))
    return number


async def _page(
    connection: Connection, user_id: int, conv: int, *, before: int | None, after: int, limit: int
) -> list[Entry]:
    last = before is not None
    upto = FOREVER if before is None else before - 1
    span = await members.span(connection, user_id, conv, after, upto)
    return [] if span is None else await entries.in_span(connection, span, limit, last=last)


async def _undelivered(connection: Connection, user_id: int, sender_id: int, most: int) -> int:
    got = await _got_of(connection, user_id)
    ((count,),) = await connection.rows(
        "SELECT count(*) FROM (SELECT kind, senderid FROM Entry WHERE conv = ? AND at > ?"
        " ORDER BY at DESC LIMIT ?) AS newest WHERE kind = ? AND senderid = ?",
        (pair(user_id, sender_id), got, most + MORE_LOOKED_AT, TEXT, sender_id),
    )
    return min(int(count), most)


async def opening(connection: Connection, user_id: int) -> Opening:
    found = await ends(connection)
    groups = await members.groups_of(connection, user_id)
    return Opening(found, await _got_of(connection, user_id), tuple(groups))


async def _got_of(connection: Connection, user_id: int) -> int:
    rows = await connection.rows("SELECT got FROM User WHERE id = ?", (user_id,))
    return validation.position(rows[0][0]) if rows else 0


async def positions_valid(connection: Connection, epoch: str, last: EntryRef) -> bool:
    """Whether the positions of a caller that knows this epoch and this entry are still valid."""
    found = await ends(connection)
    return epoch in ("", found.epoch) and await _has(connection, last, found)


async def _has(connection: Connection, last: EntryRef, found: LogEnds) -> bool:
    """Whether a log with these ends has this entry at its position."""
    return last.at <= found.head and await entries.has(connection, last, found.oldest)


async def _mark(
    connection: Connection, every: Sequence[tuple[int, int, int]], epoch: str, last: EntryRef
) -> None:
    """In the same order on every node, so that nodes wait for each other instead of deadlocking."""
    if not await positions_valid(connection, epoch, last):
        return
    await connection.change_each(
        "UPDATE User SET got = ? WHERE id = ? AND got < ?",
        [(at, user_id, at) for user_id, conv, at in every if conv == EVERYWHERE],
    )
    await connection.change_each(
        "UPDATE Member SET `read` = ? WHERE userid = ? AND conv = ? AND `read` < ?",
        [(at, user_id, conv, at) for user_id, conv, at in every if conv != EVERYWHERE],
    )


# -- positions, by the index ---------------------------------------------------------------------


async def _first(connection: Connection, spans: Sequence[Span], limit: int) -> list[int]:
    """The first positions of all these parts together, ascending.

    Each part is asked for its share. A part that had more is asked again while its next positions
    may be among the first: so about `limit` positions are read, from however many parts.
    """
    found: list[int] = []
    parts = list(spans)
    while parts and limit:
        share = bounded(limit // len(parts) + 1)
        query = f"SELECT at AS one {entries.IN_SPAN} LIMIT {share:d}"
        every = await connection.integers(query, parts)
        found = sorted([*found, *(at for some in every for at in some)])[:limit]
        last = found[-1] if len(found) == limit else None
        parts = [
            Span(conv, max(some), upto)
            for (conv, _, upto), some in zip(parts, every, strict=True)
            if len(some) == share and (last is None or max(some) < last)
        ]
    return found


class SqlReading(Repository):
    """The base of an adapter's log, which adds `append`."""

    tail = read_by(_tail)
    page = read_by(_page)
    visibility = read_by(members.visibility)
    undelivered = read_by(_undelivered)
    may_begin = read_by(members.may_begin)
    reads = read_by(members.reads)
    forget = write_by(retention.forget, repeatable=True)
    forget_of = write_by(retention.forget_of, repeatable=True)
    erase = write_by(entries.erase_some, repeatable=True)

    # To be overridden where the statements of one piece of reading see different snapshots,
    opening = read_by(opening)
    # and where another epoch could begin while these are written.
    _mark = write_by(_mark, repeatable=True)

    def __init__(
        self,
        database: Database,
        *,
        surveys: Database | None = None,
        renewing: Database | None = None,
    ) -> None:
        """surveys: does the reads that go through all of a user's conversations. renewing: allows
        work the time that going through whole tables takes.

        A database that does them in its own way replaces `_missed` and `_conversations`.
        """
        super().__init__(database)
        self._missed: Survey[int] = _missed
        self._conversations: Survey[list[Conversation]] = conversations.page
        self._surveys = surveys or database
        self._semaphore = KeyedSemaphore(SURVEYS_AT_ONCE, SURVEYS_WAITING)
        self._renewing = renewing or database

    async def ends(self, last: EntryRef = NO_ENTRY, epoch: str = "") -> LogEnds:
        found = await self._database.read(partial(_ends_and_place, last=last, epoch=epoch))
        if found is None:
            return await self._renewing.write(partial(_ends_under_lock, last=last, epoch=epoch))
        return found

    async def renew(self) -> str:
        return await self._renewing.write(renew)

    async def read(self, user_id: int, after: int, limit: int) -> LogSlice:
        return await self._survey(_read, user_id, after, limit)

    async def missed(self, user_id: int, after: int, most: int) -> int:
        return await self._survey(self._missed, user_id, after, most)

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> list[Conversation]:
        below = FOREVER if before is None else before
        return await self._survey(self._conversations, user_id, below, limit)

    async def _survey(self, survey: Survey[T], user_id: int, place: int, number: int) -> T:
        """Users take turns: one who asks for a lot, by however many sessions, delays nobody
        else."""
        async with self._semaphore.acquire(user_id):
            return await self._surveys.read(
                lambda connection: survey(connection, user_id, place, number)
            )

    async def mark(
        self, marks: Mapping[tuple[int, int], int], epoch: str = "", last: EntryRef = NO_ENTRY
    ) -> None:
        every = [
            (bounded(user), bounded(conv), bounded(marks[user, conv]))
            for user, conv in sorted(marks)
            if conv >= EVERYWHERE
        ]
        if every:
            await self._mark(every, epoch, last)
