"""The log: read by any connection, and appended to by one of its own, one batch after another."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from adapters.faults.incidents import INCIDENTS
from adapters.ids import NO_ID
from adapters.mysql.appending import Appender
from adapters.mysql.batching import batches, flatten
from adapters.mysql.database import MySqlDatabase
from adapters.mysql.pool import TIME_LIMIT, Pool
from adapters.sql import validation
from adapters.sql.database import Connection
from adapters.sql.reading import SqlReading, positions_valid
from adapters.sql.repository import read_by, write_by
from chat_domain.entries import EVERYWHERE, FOREVER, Batch, EntryRef, Opening
from chat_domain.errors import TryAgain
from chat_domain.ports.log import Outcome

NAME = "mysql log"  # in the metrics
BOUND = 1_000  # batches that wait
MARKED_AT_ONCE = 500  # marks in one statement

# One statement, since that sees one snapshot, whatever the isolation of its transaction.
_OPENING = (
    "SELECT epoch, head, oldest, changed, got, conv FROM Log CROSS JOIN LogEnds"
    " LEFT JOIN User ON User.id = ?"
    " LEFT JOIN Member ON Member.userid = ? AND conv < ? AND `left` = ?"
)

_NOW_MS = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000"

Done = Callable[[Outcome], None]


async def _now_ms(connection: Connection) -> int:
    ((now_ms,),) = await connection.rows(_NOW_MS)
    return int(now_ms)


async def _opening(connection: Connection, user_id: int) -> Opening:
    rows = await connection.rows(_OPENING, (user_id, user_id, NO_ID, FOREVER))
    ends = validation.ends(list({row[:4] for row in rows}))
    got = rows[0][4]
    groups = validation.ids(row[5] for row in rows if row[5] is not None)
    return Opening(ends, 0 if got is None else validation.position(got), tuple(sorted(groups)))


async def _mark(
    connection: Connection, every: Sequence[tuple[int, int, int]], epoch: str, last: EntryRef
) -> None:
    """In the same order on every node, so that nodes wait for each other instead of deadlocking."""
    # held until the commit: marks that a new epoch cuts to the head must not be written after that
    await connection.rows("SELECT epoch FROM Log LOCK IN SHARE MODE")
    if not await positions_valid(connection, epoch, last):
        return
    got = [(user_id, at) for user_id, conv, at in every if conv == EVERYWHERE]
    for some in batches(got, MARKED_AT_ONCE):
        await _mark_got(connection, some)
    for others in batches([mark for mark in every if mark[1] != EVERYWHERE], MARKED_AT_ONCE):
        await _mark_read(connection, others)


async def _mark_got(connection: Connection, some: Sequence[tuple[int, int]]) -> None:
    cases = " ".join(["WHEN ? THEN ?"] * len(some))
    await connection.change(
        f"UPDATE User SET got = GREATEST(got, CASE id {cases} END)"  # noqa: S608  # placeholders
        f" WHERE id IN ({', '.join('?' * len(some))})",
        [*flatten(some), *(user_id for user_id, _ in some)],
    )


async def _mark_read(connection: Connection, some: Sequence[tuple[int, int, int]]) -> None:
    """Join the marks with their rows of Member by its primary key."""
    others = " UNION ALL SELECT ?, ?, ?" * (len(some) - 1)
    await connection.change(
        "UPDATE (SELECT ? AS userid, ? AS conv, ? AS at"  # noqa: S608  # placeholders
        f"{others}) AS mark STRAIGHT_JOIN Member"
        " ON Member.userid = mark.userid AND Member.conv = mark.conv"
        " SET Member.`read` = GREATEST(Member.`read`, mark.at)",
        flatten(some),
    )


class MySqlLog(SqlReading):
    """pool: for reading, and for marks. renewing: for work that goes through whole tables."""

    now_ms = read_by(_now_ms)
    opening = read_by(_opening)
    _mark = write_by(_mark, repeatable=True)

    def __init__(self, pool: Pool, appender: Appender, renewing: Pool) -> None:
        super().__init__(MySqlDatabase(pool), renewing=MySqlDatabase(renewing))
        self._appender = appender
        self._waiting: deque[tuple[Batch, Done]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        INCIDENTS.watch(NAME)

    def append(self, batch: Batch, done: Done) -> None:
        """If a batch cannot be committed, none of those that wait behind it are: they may rely on
        it."""
        if self._closed or len(self._waiting) >= BOUND:
            asyncio.get_running_loop().call_soon(done, TryAgain())
            return
        self._waiting.append((batch, done))
        if self._task is None:
            self._task = asyncio.create_task(self._append_all())

    def depth(self) -> int:
        """How many batches are in flight or wait."""
        return len(self._waiting)

    async def close(self) -> None:
        """Append what waits, for as long as one batch may take, and nothing after that."""
        self._closed = True
        task = self._task
        if task is not None:
            await asyncio.wait([task], timeout=TIME_LIMIT)
            task.cancel()
            await asyncio.wait([task])

    async def _append_all(self) -> None:
        try:
            while self._waiting:
                outcome = await self._append(self._waiting[0][0])
                self._answer(outcome)
                if isinstance(outcome, TryAgain):
                    break
        finally:
            while self._waiting:
                self._answer(TryAgain())
            self._task = None

    async def _append(self, batch: Batch) -> Outcome:
        try:
            return await self._appender.append(batch)
        except TryAgain as failure:
            return failure
        except Exception as error:  # noqa: BLE001  # nobody else would hear of it
            INCIDENTS.defect(NAME, error)
            defect = TryAgain()
            defect.__cause__ = error
            return defect

    def _answer(self, outcome: Outcome) -> None:
        _, done = self._waiting.popleft()
        asyncio.get_running_loop().call_soon(done, outcome)
