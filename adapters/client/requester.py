"""How the client's methods send requests to the server."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from msgspec.structs import replace

from adapters.client.cids import Cids
from adapters.client.connection import Connection
from adapters.client.errors import ConnectionLost
from adapters.client.journal import Journal
from adapters.client.session_keeper import SessionKeeper
from adapters.client.settings import Settings
from adapters.ids import id_in
from adapters.wire import answers as wire
from adapters.wire.answers import Answer, FriendsAck, GroupsAck, MembersAck
from adapters.wire.declaring import Request, Written

A = TypeVar("A", bound=Answer)
P = TypeVar("P", FriendsAck, GroupsAck, MembersAck)


class Requester:
    """The base of all parts of ChatClient, which sets these fields."""

    _keeper: SessionKeeper
    _connection: Connection
    _journal: Journal
    _settings: Settings
    _cids: Cids

    @property
    def _user_id(self) -> int:
        return self._keeper.identity.user.id if self._keeper.identity else 0

    async def _online(self) -> None:
        """Wait for the connection, for `Settings.patience` at most. Raises ConnectionLost."""
        try:
            async with asyncio.timeout(self._settings.patience):
                await self._keeper.online()
        except TimeoutError:
            raise ConnectionLost("there is no connection") from None

    async def _ask(self, request: Request[A]) -> A:
        await self._online()
        return await self._keeper.ask(request)

    async def _ask_retrying(self, request: Request[A]) -> A:
        """Send an idempotent request, over as many connections as it takes."""
        within = self._settings.answer_within
        return await self._keeper.retry(lambda: self._keeper.ask(request, within))

    async def _write(self, request: Written[wire.Ack]) -> wire.Ack:
        """Send a request that writes to the log, with a cid that makes it idempotent."""
        return await self._ask_retrying(replace(request, cid=self._cids.next()))

    async def _pages(self, request: Request[P]) -> AsyncIterator[P]:
        while True:
            page = await self._ask(request)
            yield page
            if page.next is None:
                return
            request = replace(request, after=page.next)


def id_or_name(who: int | str) -> tuple[int, None] | tuple[None, str]:
    """The id or the name. Names never consist of digits alone, so digits are an id."""
    number = who if isinstance(who, int) else id_in(who)
    return (None, str(who)) if number is None else (number, None)
