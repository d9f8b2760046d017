"""The log: two threads read it, a third one appends to it."""

import time
from collections.abc import Callable

from adapters.sql.database import Connection
from adapters.sql.numbers import bounded, bounded_at
from adapters.sql.reading import SqlReading, ends
from adapters.sqlite.appending import Appender
from adapters.sqlite.conversations import Conversations
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.worker import Worker
from chat_domain.entries import FOREVER, Batch
from chat_domain.model import Conversation
from chat_domain.ports.log import Outcome

# It goes through one conversation after another until it has found enough. CROSS JOIN keeps SQLite
# from beginning with the entries.
_MISSED = (
    "SELECT count(*) FROM (SELECT 1 FROM Member CROSS JOIN Entry"
    " WHERE userid = ? AND `left` > ? AND Entry.conv = Member.conv"
    " AND at > max(since, ?) AND at <= min(`left`, ?) LIMIT ?)"
)


class SqliteLog(SqlReading):
    def __init__(
        self,
        database: SqliteDatabase,
        surveys: SqliteDatabase,
        writer: Worker,
        appender: Appender,
    ) -> None:
        super().__init__(database, surveys=surveys)
        self._writer = writer
        self._append = appender.append
        self._page = Conversations().page

    def append(self, batch: Batch, done: Callable[[Outcome], None]) -> None:
        self._writer.run_unbatched(self._append, batch, done)

    async def now_ms(self) -> int:
        """The database's clock is this machine's: every login asks for it, so no thread does."""
        return time.time_ns() // 1_000_000

    async def missed(self, user_id: int, after: int, most: int) -> int:
        asked = bounded(user_id), bounded_at(after), bounded(most)
        return await self._survey(_missed, *asked)

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> list[Conversation]:
        below = FOREVER if before is None else bounded_at(before)
        return await self._survey(self._page, bounded(user_id), below, bounded(limit))


async def _missed(connection: Connection, user_id: int, after: int, most: int) -> int:
    head = (await ends(connection)).head
    ((count,),) = await connection.rows(_MISSED, (user_id, after, after, head, most))
    return int(count)
