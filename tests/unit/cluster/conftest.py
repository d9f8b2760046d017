"""Places of nodes in this process, on a fake of Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import fakeredis
import pytest
from fakeredis._commands import command
from fakeredis.commands_mixins.server_mixin import ServerCommandsMixin

from tests.contract.places import RedisPlace, on_redis
from tests.unit.gateway.virtual_time import VirtualTimeLoop


@command((), (bytes,))
def info(self: ServerCommandsMixin, *sections: bytes) -> bytes:
    """What a plain Redis says about itself; the fake does not know this command."""
    return b"cluster_enabled:0\r\n"


setattr(ServerCommandsMixin, info.__name__, info)

NewPlace = Callable[..., Awaitable[RedisPlace]]
WITH_THREADS = "test_administering.py"  # it hashes passwords in threads, which takes real time


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let leases, heartbeats and retries take no real time, however busy the machine is."""
    if item.path.name == WITH_THREADS:
        return {"real time": asyncio.new_event_loop}
    return {"virtual time": VirtualTimeLoop}


@pytest.fixture
async def new_place() -> AsyncIterator[NewPlace]:
    """Makes places on one Redis that have not joined yet. label: see `redis_cluster`."""
    server = fakeredis.FakeServer()
    async with AsyncExitStack() as stack:

        async def make(label: str = "") -> RedisPlace:
            return await on_redis(stack, fakeredis.FakeAsyncRedis(server=server), label)

        yield make


@pytest.fixture
async def place(new_place: NewPlace) -> RedisPlace:
    """A place that has joined."""
    place = await new_place("a|strange häst-")
    await place.join()
    await asyncio.sleep(0.1)  # of virtual time: the node's own first look after its lease is over
    return place
