"""A user's client process: a ChatClient, with a note of everything that it does and hears."""

import asyncio
import itertools
import random
from contextlib import AsyncExitStack
from typing import Any

from adapters.client.chat_client import ChatClient
from adapters.client.errors import ClientError, Refused
from adapters.client.events import Ack, Changed, Event, Message, Reset
from adapters.client.position import Position
from adapters.client.settings import Settings
from tests.delivery.history import History, crc_of, key_of

NUMBERS = itertools.count(1)  # of processes, of either version


class Process:
    """One ChatClient from its start to its end, of one user.

    after: the number of the process from whose position it goes on; 0 if it begins anew.
    """

    def __init__(self, history: History, user: int, after: int) -> None:
        self.number = next(NUMBERS)
        self.user = user
        self._after = after
        self._history = history
        self._stack = AsyncExitStack()
        self._pending: set[asyncio.Future[Ack]] = set()

    async def start(self, port: int, settings: Settings, rng: random.Random) -> None:
        """Connect. Raises ConnectionLost."""
        self.client = await self._stack.enter_async_context(
            ChatClient.connect(
                "127.0.0.1", port, settings=settings, on_event=self._on_event, rng=rng
            )
        )
        self._note("process", after=self._after)

    @property
    def has_ended(self) -> bool:
        """Whether its session was ended, so that the client does not come back by itself."""
        return self.client._keeper.ended is not None

    # -- coming and going --------------------------------------------------------------------

    async def log_in(self, password: str, position: Position | None = None) -> None:
        await self.client.login(self.user, password, position=position)
        self._entered("password")

    async def resume(self, token: str, position: Position | None = None) -> None:
        await self.client.resume(token, position=position)
        self._entered("token")

    def _entered(self, how: str) -> None:
        self._note("login", how=how)

    async def log_out(self) -> None:
        try:
            await self.client.logout()
        finally:  # if the server does not answer, the client ends its connection
            if self.client.user is None:
                self._note("logout")

    async def close(self) -> None:
        """End it in good order."""
        self._note("closed")
        await self._stack.aclose()

    async def crash(self) -> None:
        """End it as SIGKILL would: the connection breaks with whatever was under way."""
        self.client._connection.drop("crashed")
        await self.close()

    # -- messages ------------------------------------------------------------------------------

    def post(self, key: str, number: int, text: str, *, to: int = 0, group: int = 0) -> None:
        """Send a message, and note its fate once it is known."""
        facts = {"to": to} if to else {"group": group}
        self._note("send", key=key, sender=self.user, number=number, crc=crc_of(text), **facts)
        try:
            client = self.client
            future = client.post(to, text) if to else client.post_group(group, text)
        except ClientError as error:
            self._note_failure(key, error)
            return
        self._pending.add(future)
        future.add_done_callback(lambda done: self._settled(key, done))

    def _settled(self, key: str, future: asyncio.Future[Ack]) -> None:
        self._pending.discard(future)
        error = future.exception()
        if error is not None:
            self._note_failure(key, error)
            return
        self._history.note("ack", key=key, at=future.result().at)

    def _note_failure(self, key: str, error: BaseException) -> None:
        name = error.error if isinstance(error, Refused) else "lost"
        self._history.note("fail", key=key, error=name)

    def _on_event(self, event: Event) -> None:
        match event:
            case Message():
                self._note("received", at=event.at, key=key_of(event.text))
            case Changed():
                self._note("received", at=event.at, key="")
            case Reset():
                self._note("anew")

    def _note(self, kind: str, **facts: Any) -> None:
        self._history.note(kind, process=self.number, user=self.user, **facts)
