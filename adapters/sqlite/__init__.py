"""The store in one SQLite file: a whole chat server without any other service."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from adapters.faults.startup_errors import StoreUnusable
from adapters.sql.store import sql_store
from adapters.sqlite.appending import Appender
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.files import Files, WalTrimmer
from adapters.sqlite.log import SqliteLog
from adapters.sqlite.opening import (
    DatabaseInUse,
    Durability,
    lock_file,
    mark_clean,
    open_reader,
    open_writer,
)
from adapters.sqlite.worker import Worker
from chat_domain.ports.store import Store

__all__ = ["DatabaseInUse", "Durability", "sqlite_store"]


@asynccontextmanager
async def sqlite_store(path: Path, durability: Durability = "disk") -> AsyncIterator[Store]:
    """Open the file, creating it if necessary, for this process alone.

    durability: whether commits survive a crash of the machine ("disk"), or only of the process
    ("process"). With "process", the log has a new epoch when the file is opened after an unclean
    end. Raises DatabaseInUse, or another StoreUnusable if the file cannot be used.
    """
    async with AsyncExitStack() as stack:
        try:
            real_path = stack.enter_context(lock_file(path))
            connection = open_writer(real_path, durability)
            files = Files(real_path)
            writer = Worker(
                connection,
                writes=True,
                check=files.check,
                trim=WalTrimmer(connection, files).trim,
                before_close=mark_clean,
            )
            stack.push_async_callback(writer.close)
            # the readers are closed first: the last connection to close removes the WAL
            reader = Worker(open_reader(real_path), writes=False, check=files.check)
            stack.push_async_callback(reader.close)
            surveyor = Worker(open_reader(real_path), writes=False, check=files.check)
            stack.push_async_callback(surveyor.close)
        except OSError as error:
            named = error.filename or path
            raise StoreUnusable(f"cannot use {named}: {error.strerror or error}") from error
        except sqlite3.Error as error:
            raise StoreUnusable(f"cannot use {path}: {error}") from error
        database, surveys = SqliteDatabase(reader, writer), SqliteDatabase(surveyor, writer)
        appender = Appender()
        log = SqliteLog(database, surveys, writer, appender)
        depths = {
            "sqlite reader": reader.depth,
            "sqlite surveyor": surveyor.depth,
            "sqlite writer": writer.depth,
        }
        yield sql_store(database, log, appender.forget_pairs, depths)
