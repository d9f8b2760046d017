"""What the database says: the log, and how far everybody's devices have got."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import aiomysql
import attrs

from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql import mysql_store
from adapters.mysql.address import Address
from chat_domain.entries import Entry
from chat_domain.errors import TryAgain
from tests.delivery.history import Event, History, facts_of, note_log

READ_AT_ONCE = 1_000  # entries
WATCHED_EVERY = 1.0  # seconds


@attrs.define(eq=False)
class Records:
    """turn: held while marks are noted and while the database is put back, so that no mark from
    before is noted afterwards."""

    store: str
    history: History
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    _noted: Sequence[Event] = ()  # the log as it was last noted

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[aiomysql.Cursor]:
        """A connection of the caller's own, for statements that no store has."""
        address = Address.parse(self.store)
        connection = await aiomysql.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            db=address.database,
            autocommit=True,
        )
        try:
            async with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    async def log(self) -> list[Entry]:
        """Read all of it. Raises TryAgain, StoreUnusable."""
        async with mysql_store(self.store) as store:
            ends, after = await store.log.ends(), 0
            entries: list[Entry] = []
            while after < ends.head:
                reading = await store.log.tail(after, READ_AT_ONCE)
                entries += reading.entries
                after = reading.upto
            return entries

    def dump(self, entries: Sequence[Entry]) -> None:
        """Note the log as it is now."""
        noted, self._noted = self._noted, [facts_of(entry) for entry in entries]
        note_log(self.history.note, self._noted, noted)

    async def marks(self, users: Sequence[int]) -> None:
        """Note these users' marks as they are now. Raises TryAgain, StoreUnusable."""
        async with self.turn, mysql_store(self.store) as store:
            for user in users:
                opening = await store.log.opening(user)
                epoch = opening.ends.epoch
                self.history.note("stored", user=user, got=opening.got, epoch=epoch)

    async def watch(self, users: Sequence[int]) -> None:
        """Note marks now and then until cancelled; none while the database is down."""
        while True:
            with suppress(TryAgain, StoreUnusable):
                await self.marks(users)
            await asyncio.sleep(WATCHED_EVERY)
