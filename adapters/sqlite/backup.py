"""A copy of the file as of one moment, made while a server runs."""

import os
import sqlite3
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

from adapters.faults.startup_errors import StoreUnusable
from adapters.sqlite.opening import connect, has_our_tables


def back_up(source: Path, target: Path) -> int:
    """Copy the database into a new file, and return its size in bytes.

    The copy has all that was committed before. A server that has the source open is not asked and
    does not wait: the file is read as any process may read it. The copy has mode 0600 and is on
    disk when this returns; if it cannot be made, nothing is left of it. Raises StoreUnusable.
    """
    if not source.exists():
        raise StoreUnusable(f"there is no {source.resolve()}")
    try:
        # the empty file reserves the name, and is not taken for a backup if this process is killed
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreUnusable(f"cannot write {target}: {error.strerror}") from error
    with ExitStack() as on_failure:
        on_failure.callback(target.unlink)
        try:
            size = _fill(source, target)
        except (OSError, sqlite3.Error, StoreUnusable) as error:
            why = _why(error, source)
            raise StoreUnusable(f"cannot copy {source} to {target}: {why}") from error
        on_failure.pop_all()
    return size


def _fill(source: Path, target: Path) -> int:
    with (
        closing(connect(source)) as connection,
        tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=target.parent) as place,
    ):
        if not has_our_tables(connection):
            raise StoreUnusable("it is a database of another program")
        copy = Path(place, target.name)
        copy.touch(0o600)
        # as bytes, since a file's name may be no UTF-8
        connection.execute("VACUUM INTO CAST(? AS TEXT)", (os.fsencode(copy),))
        with copy.open("rb") as file:
            os.fsync(file)  # SQLite does not, for this
        size = copy.stat().st_size
        copy.replace(target)
    _sync_directory(target.parent)
    return size


def _why(error: Exception, source: Path) -> str:
    """SQLite has no clear words for a file that it cannot read because the disk is full."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return f"there is no room beside {source.name} for what SQLite needs to read it"
    return str(error)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
