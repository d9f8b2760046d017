"""Whether the database has damaged its own tables, for which no server that uses it can be blamed.

A database that was killed may come back with a table that has a row twice, or lacks it in an index.
So the log's tables are checked whenever it is back, and before its data is replaced. The data is
kept as it was when damage was first found.
"""

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from chat_domain.entries import Entry
from entrypoints.services.database import DatabaseServer
from tests.delivery.outcome import CannotGoOn
from tests.delivery.records import Records

CHECKED_WITHIN = 60.0  # seconds
_CHECK = "CHECK TABLE Entry, Log, LogEnds, Member, User"
_OK = "OK"


class Inspector:
    def __init__(self, database_server: DatabaseServer, records: Records) -> None:
        self._database_server = database_server
        self._records = records

    async def look(self, entries: Sequence[Entry] = ()) -> None:
        """Note all damage. entries: the log as it was just read. Raises CannotGoOn."""
        found = [*await self._complaints(), *read_twice(entries)]
        for why in found:
            self._records.history.note("damaged", why=why)
        kept = damaged_data(self._database_server)
        if found and not kept.exists():
            await copy_data(self._database_server, kept)

    async def _complaints(self) -> list[str]:
        """What the database itself says; it reads each table by each index for that."""
        try:
            async with asyncio.timeout(CHECKED_WITHIN), self._records.connected() as cursor:
                await cursor.execute(_CHECK)
                rows = await cursor.fetchall()
        except TimeoutError as error:
            why = f"the tables could not be checked within {CHECKED_WITHIN:.0f} s"
            raise CannotGoOn(why) from error
        return [f"{table}: {said}" for table, _, _, said in rows if said != _OK]


def read_twice(entries: Iterable[Entry]) -> list[str]:
    """A sentence for each position, which is a primary key, that has several of these entries."""
    pairs = pairwise(entries)
    return [f"position {one.at} was read twice" for one, other in pairs if one.at == other.at]


def damaged_data(database_server: DatabaseServer) -> Path:
    """Where the data is kept, if it was found to be damaged."""
    return database_server.data.with_name("data.damaged")


def keep_data(database_server: DatabaseServer, prefix: Path) -> None:
    """Copy the data as it is now, and as it was when it was found to be damaged, to directories
    whose names begin with the prefix."""
    running = database_server.is_running()
    if running:
        database_server.pause()
    for data in filter(Path.exists, (database_server.data, damaged_data(database_server))):
        _copy_files(data, prefix.with_name(f"{prefix.name}-{data.name}"))
    if running:
        database_server.resume()


async def copy_data(database_server: DatabaseServer, to: Path) -> None:
    """Copy all data as it is after a kill, from which the server recovers at any time."""
    database_server.pause()
    try:
        await asyncio.to_thread(_copy_files, database_server.data, to)
    finally:
        database_server.resume()


def _copy_files(data: Path, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(data, to, ignore=shutil.ignore_patterns("*.sock"))
