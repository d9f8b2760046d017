"""The client as programs use it: see docs/client.md."""

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.client.account import Account
from adapters.client.backoff import Backoff
from adapters.client.cids import Cids
from adapters.client.connection import Connection
from adapters.client.conversations import Conversations
from adapters.client.errors import StoreError
from adapters.client.event_reader import EventReader
from adapters.client.events import Changed, Event, Message, Reset
from adapters.client.groups import Groups
from adapters.client.inbox import Inbox
from adapters.client.journal import FileJournal, Journal
from adapters.client.link import Address
from adapters.client.people import People
from adapters.client.session_keeper import SessionKeeper
from adapters.client.settings import Settings
from adapters.client.store import Given
from adapters.client.where import Where, where

log = logging.getLogger("adapters.client")
LAST = 2**63 - 1  # no position is higher
_DEFAULTS = Settings()
_LONGEST_HOLD = 5.0  # seconds between attempts at a message that was refused only for now


class ChatClient(Account, Conversations, Groups, People):
    """One user of the chat server.

    Unless they say otherwise, methods raise Refused, with the server's reason, or ConnectionLost.
    While there is no connection, they wait for one for `Settings.patience`.
    """

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        reconnect: bool = True,
        retry: bool = False,
        store: str | Path | None = None,
        tls: ssl.SSLContext | None = None,
        settings: Settings = _DEFAULTS,
        on_event: Callable[[Event], None] | None = None,
        rng: random.Random | None = None,
    ) -> AsyncGenerator["ChatClient"]:
        """Connect, and close when the context ends. Raises ConnectionLost if there is no server.

        retry: wait for a server that is down, for as long as it takes. store: a file in which this
        program, when it is started again, finds its position, the entries it was not done with and
        the messages it had not sent; created if missing. Raises StoreError if it cannot be used.
        With `on_event`, each event is passed to that function at once, and the application is done
        with it when the function returns; `events()` then yields none.
        """
        journal = Journal() if store is None else await FileJournal.open(store, settings.kept)
        try:
            address = Address(host, port, tls)
            client = cls(address, settings, journal, on_event, rng, reconnect=reconnect)
            await client._keeper.start(retry=retry)
            try:
                yield client
            finally:
                await client._keeper.stop()
        finally:
            await journal.close()

    def __init__(
        self,
        address: Address,
        settings: Settings,
        journal: Journal,
        on_event: Callable[[Event], None] | None,
        rng: random.Random | None,
        *,
        reconnect: bool,
    ) -> None:
        rng = rng or random.Random()  # noqa: S311  # spreads delays, guards nothing
        self._settings = settings
        self._on_event = on_event
        self._inbox = Inbox(settings.backlog, self._catch_up)
        self._cids = Cids()
        self._journal = journal
        self._journal.give = self._give
        self._connection = Connection(
            settings,
            Backoff(settings.first_delay, _LONGEST_HOLD, rng),
            self._cids,
            journal,
            deliver=self._deliver,
            has_room=self._has_room,
        )
        self._keeper = SessionKeeper(
            self._connection,
            address,
            settings,
            journal,
            self._deliver,
            reconnect=reconnect,
            rng=rng,
        )
        self._keeper.on_end = self._inbox.end
        self._journal.on_failure = self._keeper.fail
        self._journal.on_idle = self._catch_up
        self._turn = asyncio.Lock()

    # What happens.

    def events(self, *, explicit: bool = False, lasting: bool = False) -> AsyncIterator[Event]:
        """Yield the events, in order.

        The application is done with an event when it asks for the next one; with `explicit`, only
        when it calls `taken`. While `Settings.backlog` events are unread, the client leaves further
        entries to the server; once all are read, it reconnects to get them.
        Ends when the client is closed or, without reconnecting, when its connection is lost. Raises
        Refused after a `SessionEnded`, unless somebody has logged in again (with `lasting`, waits
        for that instead); WrongServer or StoreError if the client cannot go on.
        """
        done = None if explicit else self.taken
        return EventReader(self._inbox, done, lambda: self.user is not None, lasting=lasting)

    async def serve(self, handle: Callable[[Event], Awaitable[None]]) -> None:
        """Call a handler with each event of `events`, one by one. If the handler fails, log that
        and go on with the next event, as long as the user is logged in."""
        async for event in self.events():
            try:
                await handle(event)
            except Exception:
                if self._keeper.ended is not None or self._keeper.identity is None:
                    raise
                log.exception("the handler failed on a %s", type(event).__name__)

    async def taken(self, event: Event) -> None:
        """The application is done with this event and all before it. The server may learn of that,
        and with a local store no later program gets these events again."""
        if isinstance(event, Given):
            self._finish(event)
            await self._journal.flush()

    async def kept(
        self, whom: Where | int, *, before: int | None = None, limit: int = 50
    ) -> list[Message | Changed]:
        """The last `limit` entries of a conversation that the local store has, below the position
        `before`, ascending. Needs no connection. Raises StoreError."""
        if not isinstance(self._journal, FileJournal):
            raise StoreError("there is no local store")
        return await self._journal.kept(where(whom), LAST if before is None else before, limit)

    # Inside.

    def _deliver(self, event: Event) -> None:
        self._keeper.observe(event)
        self._journal.record(event)

    def _give(self, event: Event) -> None:
        if self._on_event is None:
            self._inbox.put(event)
            return
        self._call(self._on_event, event)
        if isinstance(event, Given):
            self._finish(event)

    def _call(self, on_event: Callable[[Event], None], event: Event) -> None:
        try:
            on_event(event)
        except Exception as exc:  # noqa: BLE001  # the events after this one must not be lost
            what = {"message": f"on_event failed on {event}", "exception": exc}
            asyncio.get_running_loop().call_exception_handler(what)

    def _finish(self, entry: Given) -> None:
        self._journal.finish(entry)
        if not isinstance(entry, Reset):
            self._connection.finish(entry)

    def _has_room(self) -> bool:
        return len(self._inbox) + self._journal.size < self._settings.backlog

    def _catch_up(self) -> None:
        if not len(self._inbox) and not self._journal.size:
            self._connection.catch_up()
