"""The log: two threads read it, a third one appends to it."""

import time
from collections.abc import Callable

from adapters.sql.database import Connection
from adapters.sql.reading import SqlReading, ends
from adapters.sqlite.appending import Appender
from adapters.sqlite.conversations import Conversations
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.worker import Worker
from chat_domain.entries import Batch
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
        self._missed = _missed
        self._conversations = Conversations().page

    def append(self, batch: Batch, done: Callable[[Outcome], None]) -> None:
        self._writer.run_unbatched(self._append, batch, done)

    async def now_ms(self) -> int:
        """The database's clock is this machine's: every login asks for it, so no thread does."""
        return time.time_ns() // 1_000_000


async def _missed(connection: Connection, user_id: int, after: int, most: int) -> int:
    head = (await ends(connection)).head
    ((count,),) = await connection.rows(_MISSED, (user_id, after, after, head, most))
    return int(count)
