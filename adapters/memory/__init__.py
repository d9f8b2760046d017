"""The store that forgets everything when it ends: for demonstrations, and for unit tests. `nodes`
connects the nodes of one process, without Redis.

It is SQLite without a file and threads: no method ever waits, so each is one atomic step of the
event loop. Several nodes of one process can share it.
"""

from adapters.memory.database import MemoryDatabase
from adapters.memory.log import MemoryLog
from adapters.sql.store import sql_store
from adapters.sqlite.appending import Appender
from chat_domain.ports.store import Store

__all__ = ["memory_store"]


def memory_store() -> Store:
    database, appender = MemoryDatabase(), Appender()
    return sql_store(database, MemoryLog(database, appender), appender.forget_pairs, {})
