"""Two nodes in this process: on a hub, and on a fake of Redis."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing

import fakeredis
import pytest

from adapters.memory import memory_store
from adapters.memory.nodes import Hub
from adapters.passwords import Argon2Hasher
from adapters.redis.cluster import taking_part
from chat_domain.chat import Chat
from tests.contract.nodes import Pair
from tests.contract.pairs import node


@pytest.fixture(params=["hub", "redis"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        hasher = stack.enter_context(closing(Argon2Hasher(cheap=True)))
        make = on_hub if request.param == "hub" else on_fake_redis
        nodes = await make(stack, hasher)
        yield Pair(*nodes)


async def on_hub(stack: AsyncExitStack, hasher: Argon2Hasher) -> list[Chat]:
    store, hub = memory_store(), Hub()
    nodes = []
    for name in ("first", "second"):
        nodes.append(node(store, hub.surroundings(name), hasher))
        hub.join(name, nodes[-1].node)
    return nodes


async def on_fake_redis(stack: AsyncExitStack, hasher: Argon2Hasher) -> list[Chat]:
    store, server = memory_store(), fakeredis.FakeServer()
    nodes = []
    for _ in range(2):
        client = fakeredis.FakeAsyncRedis(server=server)
        stack.push_async_callback(client.aclose)
        cluster = await stack.enter_async_context(taking_part(client, "test"))
        nodes.append(node(store, cluster.surroundings, hasher))
        await cluster.join(nodes[-1].node)
    return nodes
