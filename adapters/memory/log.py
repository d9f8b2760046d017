"""The log in memory, which the nodes of one process can share."""

import asyncio
import time
from collections.abc import Callable

import attrs

from adapters.memory.database import MemoryDatabase
from adapters.sql import changes
from adapters.sql.reading import SqlReading, ends
from adapters.sqlite.appending import Appender
from chat_domain.entries import Batch
from chat_domain.ports.log import Outcome, OutOfDate


class MemoryLog(SqlReading):
    def __init__(self, database: MemoryDatabase, appender: Appender) -> None:
        super().__init__(database)
        self.database = database
        self._appender = appender

    def append(self, batch: Batch, done: Callable[[Outcome], None]) -> None:
        asyncio.get_running_loop().call_soon(done, self.commit(batch))

    def commit(self, batch: Batch) -> Outcome:
        """The outcome of `append`, at once, for callers without an event loop."""
        outcome = self._append(batch)
        if not isinstance(outcome, OutOfDate) or batch.judge is None:
            return outcome
        head = self.database.do(ends).head
        missed = self.database.do(lambda lent: changes.missed(lent, batch.applied, head))
        if missed is None:
            return outcome
        return self._append(attrs.evolve(batch, refused=batch.judge(missed), applied=head))

    def _append(self, batch: Batch) -> Outcome:
        connection = self.database.connection
        try:
            return self._appender.append(connection, batch)
        except BaseException:
            connection.rollback()
            raise

    async def now_ms(self) -> int:
        return time.time_ns() // 1_000_000
