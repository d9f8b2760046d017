"""A database that can come back as it was some time ago."""

from adapters.memory.database import MemoryDatabase
from adapters.memory.log import MemoryLog
from chat_domain.ports.store import Store


class Safe:
    """Keeps the content of a memory store's database."""

    def __init__(self, store: Store) -> None:
        assert isinstance(store.log, MemoryLog)
        self._log = store.log
        self._kept: MemoryDatabase | None = None

    @property
    def is_empty(self) -> bool:
        return self._kept is None

    def put_away(self) -> None:
        self._kept = MemoryDatabase()
        self._log.database.connection.backup(self._kept.connection)

    def bring_back(self) -> None:
        assert self._kept is not None
        self._kept.connection.backup(self._log.database.connection)
        self._log._appender._epoch = ""  # as in a process that has just begun
        self._kept = None
