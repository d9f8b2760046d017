"""A database that comes back as it was some time ago.

The judge has to know exactly what it has lost. So a lock keeps everybody from writing while its
data is put away, and again while the whole log is noted and the server is killed: whatever the log
gained between the two is lost, and nothing else.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiomysql

from adapters.faults.startup_errors import StoreUnusable
from chat_domain.errors import TryAgain
from entrypoints.services.database import DatabaseServer
from tests.delivery.damage import Inspector, copy_data
from tests.delivery.records import Records

WRITTEN_WITHIN = 30.0  # seconds
NOTICED_WITHIN = 30.0  # seconds; nodes ask for the head of the log every second
_TRIED_AFTER = 0.1
_A_COMMIT = (
    "CREATE DATABASE IF NOT EXISTS chat_vault",
    "CREATE TABLE IF NOT EXISTS chat_vault.Written (times INT)",
    "INSERT INTO chat_vault.Written VALUES (1)",
)


class Vault:
    def __init__(
        self, database_server: DatabaseServer, records: Records, inspector: Inspector
    ) -> None:
        self._database_server = database_server
        self._records = records
        self._inspector = inspector
        self._kept = database_server.data.with_name("data.kept")
        self._head = 0
        self._epoch = b""

    async def put_away(self) -> None:
        """Copy all data as it is now."""
        async with self._unwritten() as cursor:
            await cursor.execute("SELECT head, epoch FROM Log")
            self._head, self._epoch = await cursor.fetchone()
            await self._write_to_disk()
            await copy_data(self._database_server, self._kept)

    async def bring_back(self) -> None:
        """Kill the server and put its data back; the caller starts it again. If nothing is written
        for a long time, there is nothing to lose, and nothing is done."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WRITTEN_WITHIN):
                while not await self._lose():  # noqa: ASYNC110  # only asking tells
                    await asyncio.sleep(_TRIED_AFTER)

    async def until_noticed(self) -> None:
        """Wait until a node has given the log a new epoch, or NOTICED_WITHIN is over: nothing may
        have been lost, or no node may have seen what was. Whether all is well is for the judge."""
        with suppress(TimeoutError):
            async with asyncio.timeout(NOTICED_WITHIN):
                while await self._epoch_now() == self._epoch:  # noqa: ASYNC110  # only asking tells
                    await asyncio.sleep(_TRIED_AFTER)

    async def _epoch_now(self) -> bytes:
        async with self._records.connected() as cursor:
            await cursor.execute("SELECT epoch FROM Log")
            epoch: bytes
            (epoch,) = await cursor.fetchone()
            return epoch

    async def _lose(self) -> bool:
        async with self._records.turn:
            async with self._unwritten():
                try:
                    entries = await self._records.log()
                except (TryAgain, StoreUnusable):
                    return False  # it may be slow to answer
                if len(entries) == self._head:
                    return False
                await self._inspector.look(entries)
                self._database_server.kill()
            self._records.dump(entries)
            self._put_back(self._database_server.data)
            self._records.history.note("lost", head=self._head)
        return True

    def _put_back(self, data: Path) -> None:
        shutil.rmtree(data)
        self._kept.rename(data)

    async def _write_to_disk(self) -> None:
        """Bring everything that can be read to the disk. A server shows a commit, and releases its
        locks, before the commit is on the disk; but it answers a commit only when everything before
        it is on the disk as well. So commit something."""
        async with self._records.connected() as cursor:
            for statement in _A_COMMIT:
                await cursor.execute(statement)

    @asynccontextmanager
    async def _unwritten(self) -> AsyncIterator[aiomysql.Cursor]:
        """Keep everybody from committing to the log during the `with` block."""
        async with self._records.connected() as cursor:
            await cursor.execute("LOCK TABLES Log READ")  # every commit writes that row
            yield cursor
