"""The files of a database while it is in use."""

import os
import sqlite3
from pathlib import Path

from adapters.sqlite.opening import BUSY_SECONDS

LONGEST_WAL = 64 * 1024 * 1024  # bytes; it is 16 MiB long unless reads overlap
TRIM_AGAIN = 16 * 1024 * 1024  # bytes
TRIM_WAITS = 1_000  # ms


class Files:
    """The files as they were opened: the database itself, and the WAL beside it.

    SQLite keeps using files that were removed, moved away or replaced. What it commits there is
    lost when this process ends, and nobody would know.

    wal_size: of the WAL at the last check, in bytes; 0 without one, as on some file systems.
    """

    def __init__(self, path: Path) -> None:
        self._wal = f"{path}-wal"
        both = path, Path(self._wal)
        self._opened = {str(file): _identity(file.stat()) for file in both if file.exists()}
        self.wal_size = 0

    def check(self) -> None:
        """Raises sqlite3.OperationalError if other files, or none, are there by now."""
        for file, opened in self._opened.items():
            try:
                there = os.stat(file)  # noqa: PTH116  # a `Path` takes half as long again
            except OSError as error:
                raise sqlite3.OperationalError(f"{file}: {error.strerror}") from error
            if _identity(there) != opened:
                raise sqlite3.OperationalError(f"{file} is another file than the one in use")
            if file == self._wal:
                self.wal_size = there.st_size


class WalTrimmer:
    """Keeps the WAL from growing without end.

    SQLite begins to write at its start again only at a moment when nobody reads from it. If reads
    follow one another without a pause, that moment does not come. So once it is LONGEST_WAL bytes
    long, the writer waits for it, for TRIM_WAITS ms at most; in vain if somebody reads for longer,
    such as a backup, and then again after each TRIM_AGAIN bytes.
    """

    def __init__(self, connection: sqlite3.Connection, files: Files) -> None:
        """connection: the writer's. files: whose `check` is called before each transaction."""
        self._connection = connection
        self._files = files
        self._limit = LONGEST_WAL

    def trim(self) -> None:
        """To be called between two transactions of the writer. Raises SQLite's errors."""
        size = self._files.wal_size
        if size <= self._limit:
            return
        execute = self._connection.execute
        execute(f"PRAGMA busy_timeout = {TRIM_WAITS}")
        try:
            ((busy, *_),) = execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            execute(f"PRAGMA busy_timeout = {int(1000 * BUSY_SECONDS)}")
        self._limit = size + TRIM_AGAIN if busy else LONGEST_WAL


def _identity(there: os.stat_result) -> tuple[int, int]:
    return there.st_dev, there.st_ino
