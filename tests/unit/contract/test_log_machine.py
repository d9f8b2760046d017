"""The logs in memory and in SQLite, over any sequence of steps."""

from hypothesis import settings

from adapters.memory import memory_store
from adapters.sqlite import sqlite_store
from chat_domain.ports.store import Store
from tests.contract.log_machine import LogMachine
from tests.tries import tries
from tests.unit.in_memory import memory_folder


class MemoryLogMachine(LogMachine):
    async def open(self) -> Store:
        return memory_store()


class SqliteLogMachine(LogMachine):
    async def open(self) -> Store:
        folder = self.stack.enter_context(memory_folder())
        return await self.stack.enter_async_context(sqlite_store(folder / "chat.db"))


TestMemoryLog = MemoryLogMachine.TestCase
TestSqliteLog = SqliteLogMachine.TestCase
TestMemoryLog.settings = TestSqliteLog.settings = settings(
    max_examples=tries(10), stateful_step_count=40, deadline=None
)
