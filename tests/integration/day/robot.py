"""A bot, made of the client class and its local store, which notes what it is given."""

import asyncio
from pathlib import Path

from adapters.client import Ack, ChatClient, Event, Message, Where
from tests.eventually import eventually
from tests.integration.chatter import LIVELY

NAME, PASSWORD = "robot", "secret two"


class Robot:
    """It can end at any moment, and begin again with the same store."""

    def __init__(self, port: int, store: Path) -> None:
        self.said: list[str] = []
        self.events: list[Event] = []
        self._waiting: list[asyncio.Future[Ack]] = []
        self._port = port
        self._store = store
        self._client: ChatClient | None = None
        self._life: asyncio.Task[None] | None = None

    @property
    def heard(self) -> list[Message]:
        return [event for event in self.events if isinstance(event, Message)]

    @property
    def client(self) -> ChatClient:
        assert self._client is not None, "it does not live"
        return self._client

    async def begin(self) -> None:
        self._life = asyncio.create_task(self._live())
        await eventually(lambda: self._client is not None)

    async def end(self) -> None:
        if self._life is None:
            return
        self._life.cancel()
        await asyncio.wait({self._life})
        self._life = self._client = None

    async def post(self, where: Where, *texts: str) -> None:
        """Send these texts, one after the other, without waiting."""
        self.said += texts
        self._waiting += [self.client.post(where, text) for text in texts]

    async def settled(self) -> None:
        """Wait until everything that it has said is in the log."""
        waiting, self._waiting = self._waiting, []
        await asyncio.gather(*waiting)

    async def hears(self, text: str) -> None:
        await eventually(lambda: any(message.text == text for message in self.heard))

    async def _live(self) -> None:
        address = "127.0.0.1", self._port
        async with ChatClient.connect(
            *address, retry=True, store=self._store, settings=LIVELY
        ) as client:
            await client.login(NAME, PASSWORD, wait=True)
            self._client = client
            async for event in client.events():
                self.events.append(event)
