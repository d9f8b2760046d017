"""Places of nodes in this process, on a fake of Redis."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import fakeredis
import pytest

from tests.contract.places import RedisPlace, on_redis

NewPlace = Callable[..., Awaitable[RedisPlace]]


@pytest.fixture
async def new_place() -> AsyncIterator[NewPlace]:
    """Make places on one Redis that have not joined yet. label: see `redis_cluster`."""
    server = fakeredis.FakeServer()
    async with AsyncExitStack() as stack:

        async def make(label: str = "") -> RedisPlace:
            return await on_redis(stack, fakeredis.FakeAsyncRedis(server=server), label)

        yield make


@pytest.fixture
async def place(new_place: NewPlace) -> RedisPlace:
    """One that has joined."""
    place = await new_place("a|strange häst-")
    await place.join()
    return place
