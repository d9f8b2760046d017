"""Users with version 2 clients, for tests against real servers."""

import asyncio
import itertools
import ssl
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

import attrs

from adapters.client.chat_client import ChatClient
from adapters.client.events import Event, Message, Presence
from adapters.client.settings import Settings
from tests.eventually import eventually

E = TypeVar("E")
R = TypeVar("R")

_HANDS = ThreadPoolExecutor(1)

LIVELY = Settings(first_delay=0.05, longest_delay=0.5, greet_within=3.0, answer_within=5.0)

_numbers = itertools.count(1)


async def beside(work: Callable[..., R], *arguments: object) -> R:
    """Do blocking work while the event loop goes on.

    A lasting thread does it, since a process is set to end with the thread that started it.
    """
    return await asyncio.get_running_loop().run_in_executor(_HANDS, work, *arguments)


@attrs.define(eq=False)
class Chatter:
    """A user's client, and everything that it was told."""

    client: ChatClient
    password: str = "secret"
    id: int = 0
    name: str = ""
    events: list[Event] = attrs.field(factory=list)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def texts(self) -> list[str]:
        """The texts that it has received."""
        return [message.text for message in self.of(Message) if message.sender_id != self.id]

    def sees_online(self, other: "Chatter") -> bool | None:
        """What the last presence event said about a user; None if there was none."""
        said = [event.online for event in self.of(Presence) if event.id == other.id]
        return said[-1] if said else None

    async def tells(self, other: "Chatter", text: str) -> None:
        """Send a text, and wait until the other has received it."""
        await self.client.send(other.id, text)
        await other.hears(text)

    async def hears(self, *texts: str) -> None:
        """Wait until these texts have been received, in this order, possibly among others."""
        wanted = set(texts)
        await eventually(lambda: wanted <= set(self.texts))
        assert [text for text in self.texts if text in wanted] == list(texts)


@asynccontextmanager
async def connected(
    port: int, *, reconnect: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Chatter]:
    """A client that is not logged in yet."""
    events: list[Event] = []
    async with ChatClient.connect(
        "127.0.0.1", port, settings=LIVELY, on_event=events.append, reconnect=reconnect, tls=tls
    ) as client:
        yield Chatter(client, events=events)


@asynccontextmanager
async def newcomer(port: int, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Chatter]:
    """A new user, logged in."""
    async with connected(port, tls=tls) as chatter:
        chatter.name = f"person {next(_numbers)}"
        chatter.id = await chatter.client.register(chatter.name, chatter.password)
        await chatter.client.login(chatter.id, chatter.password)
        yield chatter


@asynccontextmanager
async def back(
    port: int, who: Chatter, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Chatter]:
    """A known user, logged in on a new connection."""
    async with connected(port, tls=tls) as chatter:
        chatter.id, chatter.name = who.id, who.name
        await chatter.client.login(who.id, who.password)
        yield chatter
