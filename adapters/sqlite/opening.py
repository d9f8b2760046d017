"""How a file is opened as a database of ours, or the one line that says why it cannot be."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Literal

from adapters.faults.incidents import INCIDENTS
from adapters.faults.startup_errors import StoreUnusable
from adapters.runtime.synchronous import run_synchronously
from adapters.sql.reading import renew
from adapters.sql.version import check_version
from adapters.sqlite.database import SqliteConnection

BUSY_SECONDS = 2.0  # to wait for an operator's shell on the same file


Durability = Literal["disk", "process"]

# PRAGMA user_version: whether commits may be missing at the end after a crash of the machine.
_CLEAN, _END_MAY_BE_LOST = 0, 1


class DatabaseInUse(StoreUnusable):
    """Two servers on one file would be two islands: their users could not see each other."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is in use by another server")


@contextmanager
def lock_file(path: Path) -> Iterator[Path]:
    """Keep every other server off this file, whose real path this yields. Raises DatabaseInUse.

    The lock is SQLite's own, on a second, empty file: every platform has it, and the system
    releases it when the process ends, in whatever way. The second file stays; it means nothing.
    """
    path = path.resolve()  # two names of one file share one lock
    lock_path = path.with_name(f"{path.name}-lock")
    _create_file(lock_path)
    for file in (path, lock_path):
        _require_rights(file, os.R_OK | os.W_OK)
    _require_rights(path.parent, os.W_OK)  # SQLite makes files there
    if path.exists():
        _copy_owner(lock_path, path)
    with closing(connect(lock_path, timeout=0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise DatabaseInUse(path) from error
            raise
        yield path


def connect(path: Path, *, timeout: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection in autocommit mode, for whichever thread uses it."""
    _create_file(path)
    connection = sqlite3.connect(
        path, timeout=timeout, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _decode_text
    return connection


def _create_file(path: Path) -> None:
    """Create an empty file that only its owner may read, if there is none."""
    # not opened if it exists: closing any descriptor of a file frees this process's locks on it
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _require_rights(path: Path, rights: int) -> None:
    """Raise OSError with the file's name, which SQLite's own errors lack."""
    if path.exists() and not os.access(path, rights):
        read_only = os.statvfs(path).f_flag & os.ST_RDONLY  # as after an error of the disk's
        why = errno.EROFS if read_only else errno.EACCES
        raise OSError(why, os.strerror(why), str(path))


def _copy_owner(path: Path, like: Path) -> None:
    """Give a file the owner and group of another, as SQLite does with the files beside its own.

    Only root can, and has to: what root has locked, the server's user has to lock later. A link
    that this user has put there is not followed: they would get the file it leads to.
    """
    if os.geteuid() == 0:
        owner = like.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _decode_text(raw: bytes) -> str:
    """SQLite stores any bytes as a text. Python would refuse the rows that have invalid ones."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        INCIDENTS.bad_input("database", "text", "it is not UTF-8")
        return raw.decode(errors="replace")


def open_writer(path: Path, durability: Durability = "disk") -> sqlite3.Connection:
    """The writer's connection; creates the tables in an empty file."""
    connection = connect(path)
    try:
        is_new = not _tables(connection)
        if not is_new:
            _check_schema(connection, path)  # before anything is changed, even a setting
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL loses commits in a power cut
        connection.execute("PRAGMA fullfsync = ON")  # without it, macOS does not sync to the disk
        # 16 MiB of WAL: a page that many messages change is copied into the file once, not often
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA secure_delete = ON")  # what was deleted is not left in the file
        if is_new:
            create_tables(connection)
        _take_over(connection, durability)
    except BaseException:
        connection.close()
        raise
    return connection


def create_tables(connection: sqlite3.Connection) -> None:
    connection.executescript(files(__package__).joinpath("schema.sql").read_text("utf-8"))


def _take_over(connection: sqlite3.Connection, durability: Durability) -> None:
    """Take the file over from the previous server, however that ended."""
    ((before,),) = connection.execute("PRAGMA user_version")
    after = _CLEAN if durability == "disk" else _END_MAY_BE_LOST
    connection.execute("BEGIN IMMEDIATE")
    if before != _CLEAN:
        run_synchronously(renew(SqliteConnection(connection)))
    connection.execute(f"PRAGMA user_version = {after}")
    connection.execute("COMMIT")  # this one is synced, before any that may not be
    if durability == "process":
        connection.execute("PRAGMA synchronous = NORMAL")


def mark_clean(connection: sqlite3.Connection) -> None:
    """All is committed: with this commit, everything before it is synced to the disk."""
    connection.execute("PRAGMA synchronous = FULL")
    ((marked,),) = connection.execute("PRAGMA user_version")
    if marked != _CLEAN:
        connection.execute(f"PRAGMA user_version = {_CLEAN}")


def open_reader(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    connection.execute("PRAGMA query_only = ON")
    # 16 MB of pages, kept until the next write: the ends of thousands of conversations
    connection.execute("PRAGMA cache_size = -16000")
    return connection


def has_our_tables(connection: sqlite3.Connection) -> bool:
    return "SchemaVersion" in _tables(connection)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def _check_schema(connection: sqlite3.Connection, path: Path) -> None:
    if not has_our_tables(connection):
        raise StoreUnusable(f"{path} is a database of another program")
    rows = connection.execute("SELECT version FROM SchemaVersion")
    check_version([version for (version,) in rows], path)
