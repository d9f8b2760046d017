"""Makes places for nodes that are only recordings: the tests are about what connects nodes."""

from contextlib import AsyncExitStack

import attrs
import redis.asyncio  # noqa: TC002  # attrs looks at it

from adapters.memory.nodes import Hub
from adapters.redis.cluster import RedisCluster, taking_part
from adapters.redis.keys import Keys
from tests.contract.nodes import Place, RecordingNode, Two


class AllKeys(Keys):
    """With the names that the scripts make, as the table in `adapters.redis.keys` has them."""

    @property
    def nodes(self) -> str:
        return f"{self.prefix}:nodes"

    @property
    def born(self) -> str:
        return f"{self.prefix}:born"

    @property
    def settling(self) -> str:
        return f"{self.prefix}:settling"

    def lease(self, node: str) -> str:
        return f"{self.prefix}:lease:{node}"

    def present(self, node: str) -> str:
        return f"{self.prefix}:present:{node}"

    def slot(self, user_id: int) -> str:
        return f"{self.prefix}:slot:{user_id}"

    def claims(self, node: str) -> str:
        return f"{self.prefix}:claims:{node}"


KEYS = AllKeys("test")


def two_on_a_hub() -> Two:
    hub = Hub()
    return Two(on_hub(hub, "first"), on_hub(hub, "second"))


def on_hub(hub: Hub, name: str) -> Place:
    node = RecordingNode()
    hub.join(name, node.node)

    async def leave() -> None:
        hub.leave(name)

    return Place(hub.surroundings(name), node, leave)


@attrs.frozen
class RedisPlace(Place):
    """redis: the client that the cluster has."""

    cluster: RedisCluster
    redis: "redis.asyncio.Redis"

    async def join(self) -> None:
        await self.cluster.join(self.node.node)

    async def look_after_lease(self) -> None:
        await self.cluster.lease.look_after(self.node.node)

    async def lose_lease(self) -> None:
        await self.redis.delete(KEYS.lease(self.name))


async def on_redis(
    stack: AsyncExitStack, client: "redis.asyncio.Redis", label: str = ""
) -> RedisPlace:
    """A place that has not joined yet."""
    stack.push_async_callback(client.aclose)
    cluster = await stack.enter_async_context(taking_part(client, KEYS.prefix, label))
    return RedisPlace(cluster.surroundings, RecordingNode(), cluster.leave, cluster, client)
