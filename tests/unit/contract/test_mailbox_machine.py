"""The mailboxes in memory and in SQLite, over any sequence of steps."""

import tempfile
from pathlib import Path

from hypothesis import settings

from adapters.memory import memory_store
from adapters.sqlite import sqlite_store
from chat_domain.ports.store import Store
from tests.contract.mailbox_machine import CAPACITY, MailboxMachine


class MemoryMailboxMachine(MailboxMachine):
    async def open(self) -> Store:
        return memory_store(mailbox_capacity=CAPACITY)


class SqliteMailboxMachine(MailboxMachine):
    async def open(self) -> Store:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        return await self.stack.enter_async_context(
            sqlite_store(folder / "chat.db", mailbox_capacity=CAPACITY)
        )


TestMemoryMailbox = MemoryMailboxMachine.TestCase
TestSqliteMailbox = SqliteMailboxMachine.TestCase
TestMemoryMailbox.settings = TestSqliteMailbox.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None
)
