"""The store that forgets everything when it ends: for demonstrations, and for unit tests. `nodes`
connects the nodes of one process, without Redis.

It is SQLite without a file and threads: no method ever waits, so each is one atomic step of the
event loop. Several nodes of one process can share it.
"""

from adapters.memory.database import MemoryDatabase
from adapters.memory.log import MemoryLog
from adapters.sql.friends import SqlFriends
from adapters.sql.groups import SqlGroups
from adapters.sql.settings import SqlSettings
from adapters.sql.tokens import SqlTokens
from adapters.sql.users import SqlUsers
from adapters.sqlite.appending import Appender
from chat_domain.ports.store import Store

__all__ = ["memory_store"]


def memory_store() -> Store:
    database, appender = MemoryDatabase(), Appender()
    return Store(
        users=SqlUsers(database, appender.forget_pairs),
        tokens=SqlTokens(database),
        friends=SqlFriends(database),
        groups=SqlGroups(database),
        settings=SqlSettings(database),
        log=MemoryLog(database, appender),
    )
