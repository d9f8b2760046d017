"""A client and the server's end of its connection, for tests of ChatClient."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from adapters.client import ChatClient, Settings
from tests.unit.client.fake_chat_server import TIMEOUT, FakeServer, Peer

T = TypeVar("T")
HASTY = Settings(first_delay=0.001, longest_delay=0.01, steady_after=0.0)


@asynccontextmanager
async def connected(
    server: FakeServer, settings: Settings = HASTY, **options: Any
) -> AsyncIterator[tuple[ChatClient, Peer]]:
    async with ChatClient.connect(
        "127.0.0.1", server.port, settings=settings, rng=random.Random(1), **options
    ) as client:
        yield client, await server.accept()


@asynccontextmanager
async def logged_in(
    server: FakeServer, settings: Settings = HASTY, **options: Any
) -> AsyncIterator[tuple[ChatClient, Peer]]:
    async with connected(server, settings, **options) as (client, peer):
        await both(client.login("zhang san", "secret"), peer.admit())
        yield client, peer


async def cut_off(server: FakeServer, peer: Peer) -> Peer:
    """Hang up. Return the server's end of the next connection, which the client makes by itself."""
    await peer.hang_up()
    return await server.accept()


async def both(one: Any, other: Any) -> Any:
    """Do the client's and the server's part at the same time. Return the client's result."""
    async with asyncio.timeout(TIMEOUT):
        return (await asyncio.gather(one, other))[0]


async def until(client: ChatClient, kind: type[T]) -> T:
    """The next event of this kind. Asking for another one tells the client that the application is
    done with it."""
    async with asyncio.timeout(TIMEOUT):
        async for event in client.events():
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the events ended without {kind}")
