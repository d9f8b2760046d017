"""Messages that wait for their recipients, in the table OfflineMessage.

All writes of this node's mailbox pass through one queue (see `batches`), so that an `add` is
committed before, or together with, every `add` that was asked later, and no `remove` overtakes the
`add` before it. The order in which messages are delivered depends on it.

One call is one transaction, however many entries it brings, and has to be done within the pool's
limit: a group may have some ten thousands of members who are away, and not a million.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import attrs

from adapters.mysql.batches import Batches
from adapters.mysql.filing import Clerk
from adapters.mysql.link import Link
from adapters.mysql.lists import marks, pieces
from adapters.mysql.pool import Pool
from adapters.mysql.rows import MESSAGE_COLUMNS
from adapters.sql import judging
from adapters.sql.numbers import bounded
from chat_domain.model import Entry, Filing, Message

ROWS = 1000  # in one transaction, unless a single call brings more
AT_ONCE = 200  # removals in one statement
MAILBOXES = 500  # looked into by one statement


@attrs.frozen
class _Add:
    entries: Sequence[Entry]


@attrs.frozen
class _Remove:
    user_id: int
    mids: Sequence[str]


_Job = _Add | _Remove


@attrs.define
class _Batch:
    """Removals are done behind all additions of their batch, so what is added for a user of whom
    something is removed before has to wait for the next one."""

    rows: int = 0
    emptied: set[int] = attrs.field(factory=set)

    def take(self, job: _Job) -> bool:
        if isinstance(job, _Remove):
            self.rows += len(job.mids)
            self.emptied.add(job.user_id)
            return self.rows <= ROWS
        self.rows += len(job.entries)
        if self.emptied and any(entry.recipient_id in self.emptied for entry in job.entries):
            return False
        return self.rows <= ROWS


class MySqlMailbox:
    def __init__(self, pool: Pool, capacity: int) -> None:
        self._pool = pool
        self._clerk = Clerk(capacity)
        self._writes: Batches[_Job] = Batches(self._do, _Batch)

    async def add(self, entries: Sequence[Entry]) -> list[Filing]:
        if not entries:
            return []
        filings: list[Filing] = await self._writes.ask(_Add(tuple(entries)))
        return filings

    async def read(self, user_id: int, limit: int, without: Collection[str]) -> list[Message]:
        # copied, since the caller's may change while the database reads
        return await self._pool.read(_read, bounded(user_id), bounded(limit), frozenset(without))

    async def sent(self, sender_id: int, recipients: Collection[int]) -> list[Entry]:
        mailboxes = sorted(map(bounded, recipients))
        return await self._pool.read(_sent, bounded(sender_id), mailboxes)

    async def remove(self, user_id: int, mids: Collection[str]) -> None:
        if mids:
            await self._writes.ask(_Remove(bounded(user_id), tuple(mids)))

    def depth(self) -> int:
        """How many writes wait."""
        return len(self._writes)

    def forget(self, user_id: int) -> None:
        """The account is no more."""
        self._clerk.forget(user_id)

    async def close(self) -> None:
        await self._writes.close()

    async def _do(self, jobs: Sequence[_Job]) -> list[Any]:
        entries = [entry for job in jobs if isinstance(job, _Add) for entry in job.entries]
        removals = [job for job in jobs if isinstance(job, _Remove)]
        now = asyncio.get_running_loop().time()
        try:
            filings = await self._pool.write_repeatable(_write, self._clerk, entries, removals, now)
        except BaseException:
            self._clerk.failed(entries)
            raise
        self._clerk.written(entries, filings, {removal.user_id for removal in removals})
        rest = iter(filings)
        return [
            [next(rest) for _ in job.entries] if isinstance(job, _Add) else None for job in jobs
        ]


async def _write(
    link: Link, clerk: Clerk, entries: Sequence[Entry], removals: Sequence[_Remove], now: float
) -> list[Filing]:
    filings = await clerk.file(link, entries, now)
    await _remove(link, [(removal.user_id, mid) for removal in removals for mid in removal.mids])
    return filings


async def _remove(link: Link, removals: Sequence[tuple[int, str]]) -> None:
    for some in pieces(removals, AT_ONCE):
        these = " OR ".join(["userid = %s AND mid = %s"] * len(some))
        await link.change(
            f"DELETE FROM OfflineMessage WHERE {these}",  # noqa: S608  # placeholders
            [value for removal in some for value in removal],
        )


async def _sent(link: Link, sender_id: int, recipients: Sequence[int]) -> list[Entry]:
    found: list[Entry] = []
    for some in pieces(recipients, MAILBOXES):
        rows = await link.rows(
            f"SELECT userid, {MESSAGE_COLUMNS} FROM OfflineMessage"  # noqa: S608  # placeholders
            f" FORCE INDEX (OfflineMessageOnce) WHERE userid IN ({marks(len(some))})"
            " AND senderid = %s ORDER BY userid, mid",
            (*some, sender_id),
        )
        found += judging.entries(rows)
    return found


async def _read(link: Link, user_id: int, limit: int, without: frozenset[str]) -> list[Message]:
    found: list[Message] = []
    asked, behind = limit + len(without), ""  # enough, even if all of `without` come first
    for _ in range(judging.LOOKS):
        rows = await link.rows(
            f"SELECT {MESSAGE_COLUMNS} FROM OfflineMessage"  # noqa: S608  # constants
            " WHERE userid = %s AND mid > %s ORDER BY mid LIMIT %s",
            (user_id, behind, asked),
        )
        found += [one for one in judging.messages(rows) if one.mid not in without]
        if len(found) >= limit or len(rows) < asked:
            break
        behind = rows[-1][0]
    return found[:limit]
