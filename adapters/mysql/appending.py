"""How a batch gets into the log: one transaction, in which the row of Log orders all nodes.

1. Most batches have only texts. What the log has of them is looked up first; then one statement
   locks the row of Log, compares all that the batch was authorized by, and assigns the positions.
   So the lock is held only for the insertion and the commit.
2. If that is not enough (for a change, a refusal, a copy that another node was faster with, or a
   row of Log that is not as expected), everything is done again under the lock.
3. If a connection is lost during the commit, the next one waits for the lock, which the lost
   transaction holds as long as it exists. Then the rows at its positions show its outcome: all of
   them, since another node may have put a copy of the first entry at that entry's position.
"""

import asyncio
from collections.abc import Container

import attrs
from pymysql.err import IntegrityError

from adapters.mysql.database import MySqlConnection
from adapters.mysql.link import Link
from adapters.mysql.pool import Pool
from adapters.sql import changes, entries, reading
from adapters.sql.admission import Admission, admit_texts
from adapters.sql.recent_numbers import RecentNumbers
from chat_domain.entries import Batch
from chat_domain.ports.log import Committed, EpochChanged, OutOfDate

KNOWN_PAIRS = 100_000  # conversations of two known to have their members; at most twice as many
KNOWN_PAIRS_FOR = 60.0  # seconds; another node may remove an account

_COUNT_UP = (
    "UPDATE Log SET head = LAST_INSERT_ID(head + %s) WHERE epoch = %s AND changed <= %s"
    " AND head >= %s AND (%s < (SELECT oldest FROM LogEnds) OR EXISTS"
    " (SELECT 1 FROM Entry WHERE at = %s AND cid = %s AND senderid = %s AND time_ms = %s))"
)
_AT = "SELECT at, conv, senderid, cid, time_ms FROM Entry WHERE at >= %s AND at <= %s ORDER BY at"


class Appender:
    """Remembers of the database only what was committed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known_pairs = RecentNumbers(KNOWN_PAIRS)
        self._known_since, self._known_in = 0.0, ""  # since when that is remembered, and the epoch

    def forget_pairs(self) -> None:
        """A user has been removed who has conversations that are remembered."""
        self._known_pairs.clear()

    async def append(self, batch: Batch) -> Committed | OutOfDate | EpochChanged:
        """See `ports.Log.append`. Raises TryAgain, and the database's errors about a row."""
        self._forget_old(batch.epoch)
        attempt = _Attempt(batch, self._known_pairs)
        try:
            outcome = await self._pool.write(attempt.carry_out, repeatable=True)
        except IntegrityError:
            attempt.locked_first = True
            outcome = await self._pool.write(attempt.carry_out, repeatable=True)
        if not isinstance(outcome, Admission):
            return outcome
        for conv in outcome.begun:
            self._known_pairs.add(conv)
        outcome.settle()
        return Committed(outcome.others)

    def _forget_old(self, epoch: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._known_since > KNOWN_PAIRS_FOR or epoch != self._known_in:
            self._known_pairs.clear()
            self._known_since, self._known_in = now, epoch


@attrs.define
class _Attempt:
    """One batch, to be carried out as often as necessary. tried: what was about to be committed."""

    batch: Batch
    known_pairs: Container[int]
    locked_first: bool = attrs.field(init=False)
    tried: Admission | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        changes_something = any(entry.change is not None for entry in self.batch.entries)
        self.locked_first = changes_something or bool(self.batch.refused)

    async def carry_out(self, link: Link) -> Admission | OutOfDate | EpochChanged:
        """Do all but the commit. The Admission that it returns may have no rows."""
        tried = self.tried
        if tried is not None and tried.rows and await _is_in(link, tried):
            return tried
        self.tried = None
        admission = None if self.locked_first else await self._append_texts(link)
        outcome = admission or await self._append_any(link)
        if isinstance(outcome, Admission):
            self.tried = outcome
        return outcome

    async def _append_texts(self, link: Link) -> Admission | None:
        """Return None, with nothing done, if nothing is new, or the log is not as expected."""
        batch, connection = self.batch, MySqlConnection(link)
        seen = await entries.look_up(connection, batch, self.known_pairs)
        number = len(admit_texts(batch, seen, 0, 0).rows)
        last = batch.last
        counted = await link.change(
            _COUNT_UP,
            (
                *(number, batch.epoch, batch.applied, max(last.at, batch.applied)),
                *(last.at, last.at, last.cid, last.sender_id, last.time_ms),
            ),
        )
        if not counted.rows:
            return None
        admission = admit_texts(batch, seen, counted.last_id - number, batch.applied)
        await entries.insert(connection, admission)
        return admission

    async def _append_any(self, link: Link) -> Admission | OutOfDate | EpochChanged:
        batch, connection = self.batch, MySqlConnection(link)
        await _lock(link)
        ends = await reading.ends(connection)
        if ends.epoch != batch.epoch or max(batch.last.at, batch.applied) > ends.head:
            return EpochChanged()
        if not await entries.has(connection, batch.last, ends.oldest):
            return EpochChanged()
        if ends.changed > batch.applied:
            missed = await changes.missed(connection, batch.applied, ends.head)
            if missed is None or batch.judge is None:
                return OutOfDate(ends.changed)
            batch = attrs.evolve(batch, refused=batch.judge(missed))
        seen = await entries.look_up(connection, batch, self.known_pairs)
        admission = await changes.append(connection, batch, seen, ends.head, ends.changed)
        count_up = "UPDATE Log SET head = %s, changed = %s"
        await link.change(count_up, (admission.head, admission.changed))
        return admission


async def _lock(link: Link) -> None:
    await link.rows("SELECT 1 FROM Log FOR UPDATE")


async def _is_in(link: Link, tried: Admission) -> bool:
    """Whether this admission is committed."""
    await _lock(link)
    found = await link.rows(_AT, (tried.rows[0].at, tried.rows[-1].at))
    return found == [
        (row.at, row.conv, row.entry.sender_id, row.entry.cid.encode(), row.entry.time_ms)
        for row in tried.rows
    ]
