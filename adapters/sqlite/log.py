"""The log: read by one thread, and appended to by the other."""

from collections.abc import Callable

from adapters.sql.numbers import FOR_EVER, bounded, bounded_at
from adapters.sql.reading import SqlReading
from adapters.sqlite.appending import Appender
from adapters.sqlite.conversations import Conversations
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.worker import Worker
from chat_domain.entries import Batch
from chat_domain.model import Conversation
from chat_domain.ports.store import Outcome


class SqliteLog(SqlReading):
    def __init__(self, database: SqliteDatabase, writer: Worker, appender: Appender) -> None:
        super().__init__(database)
        self._writer = writer
        self._append = appender.append
        self._page = Conversations().page

    def append(self, batch: Batch, done: Callable[[Outcome], None]) -> None:
        self._writer.alone(self._append, batch, done)

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> list[Conversation]:
        below = FOR_EVER if before is None else bounded_at(before)
        return await self._database.read(self._page, bounded(user_id), below, bounded(limit))
