"""What a cluster does when a part of it dies, hangs or is cut off."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import redis

from adapters.client.errors import Refused
from entrypoints.services.program import Program
from tests.integration.chatter import Chatter, back, beside, connected, eventually, newcomer
from tests.integration.cluster import Cluster, NewCluster, NodeProcess

LEASE = 10.0  # seconds


async def comes_back_within(seconds: float, port: int, who: Chatter) -> float:
    """Log somebody in again as soon as that is possible; how long it took."""
    began = time.monotonic()
    async with connected(port) as chatter:
        while True:
            try:
                await chatter.client.login(who.id, who.password)
            except Refused:
                assert time.monotonic() - began < seconds, "it takes too long"
                await asyncio.sleep(0.2)
            else:
                return time.monotonic() - began


@attrs.define(eq=False)
class Traffic:
    """Messages from one to the other, one after the other, each until it is acknowledged."""

    sender: Chatter
    recipient: Chatter
    acknowledged: list[str] = attrs.field(factory=list)

    async def run(self) -> None:
        number = 0
        while True:
            text = f"{self.sender.name}: {number}"
            await self.sender.client.send(self.recipient.id, text)
            self.acknowledged.append(text)
            number += 1
            await asyncio.sleep(0.03)  # so slowly that an outage does not fill a mailbox

    async def arrives(self) -> None:
        """All that was acknowledged is received, once each and in order."""
        await eventually(lambda: set(self.acknowledged) <= set(self.recipient.texts), 40)
        heard = [text for text in self.recipient.texts if text.startswith(self.sender.name + ":")]
        assert heard[: len(self.acknowledged)] == self.acknowledged

    async def goes_on(self) -> None:
        before = len(self.acknowledged)
        await eventually(lambda: len(self.acknowledged) > before + 5)


@asynccontextmanager
async def traffic(*pairs: tuple[Chatter, Chatter]) -> AsyncGenerator[list[Traffic]]:
    """Keep messages coming; at the end look whether all that was acknowledged arrived."""
    flows = [Traffic(*pair) for pair in pairs]
    tasks = [asyncio.create_task(flow.run()) for flow in flows]
    try:
        for flow in flows:
            await flow.goes_on()
        yield flows
        for flow in flows:
            await flow.goes_on()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for flow in flows:
        await flow.arrives()


async def test_users_of_a_killed_node_can_log_in_elsewhere(new_cluster: NewCluster) -> None:
    """Within 12 s; their friends are told, their groups go on, nothing acknowledged is lost."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
            await anna.client.add_friend(bert.id)
            group = await anna.client.create_group("hikers")
            await bert.client.join_group(group.id)
            await beside(cluster.nodes[1].kill)
            answer = asyncio.ensure_future(anna.client.send(bert.id, "are you alive?"))
            await eventually(lambda: anna.sees_online(bert) is False)
            assert not (await answer).delivered
            assert not (await anna.client.send_group(group.id, "still here?")).delivered
            async with back(cluster.ports[0], bert) as returned:
                await returned.hears("are you alive?", "still here?")
                assert (await returned.client.send_group(group.id, "I am")).delivered


async def test_a_killed_node_holds_its_users_for_no_longer_than_its_lease(
    new_cluster: NewCluster,
) -> None:
    """Twelve seconds after a kill at the latest, they are let in."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[1]) as bert:
            await beside(cluster.nodes[1].kill)
            assert await comes_back_within(12, cluster.ports[0], bert) < 12


async def test_a_node_that_hung_notices_that_its_lease_is_gone(new_cluster: NewCluster) -> None:
    """After 15 s without a pulse its users may be elsewhere: it closes those sessions, and no user
    is on two nodes."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            connected(cluster.ports[0]) as moved,
        ):
            cluster.nodes[1].suspend()
            await asyncio.sleep(15)
            moved.id = bert.id
            await moved.client.login(bert.id, bert.password)
            await moved.goes_live()
            cluster.nodes[1].resume()
            assert (await anna.client.send(bert.id, "which of you?")).delivered
            await moved.hears("which of you?")
            assert "which of you?" not in bert.texts
            with pytest.raises(Refused, match="already_online"):
                await login_once(cluster.nodes[1], bert)


async def login_once(node: NodeProcess, who: Chatter) -> None:
    async with connected(node.port) as chatter:
        await chatter.client.login(who.id, who.password)


async def test_a_node_that_hung_gets_its_own_users_back(new_cluster: NewCluster) -> None:
    """Who has not gone elsewhere meanwhile stays connected, and goes on."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
            cluster.nodes[1].suspend()
            await asyncio.sleep(LEASE + 2)
            answer = asyncio.ensure_future(anna.client.send(bert.id, "while you hung"))
            await asyncio.sleep(1)
            cluster.nodes[1].resume()
            await answer
            await bert.hears("while you hung")
            await delivers(bert, anna)


def cut_subscriptions(cluster: Cluster) -> None:
    with redis.Redis.from_url(cluster.redis.url()) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


async def test_cut_subscriptions_lose_nothing(new_cluster: NewCluster) -> None:
    """Redis cuts the nodes' subscriptions in the middle of traffic, five times."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            traffic((anna, bert), (bert, anna)),
        ):
            for _ in range(5):
                await beside(cut_subscriptions, cluster)
                await asyncio.sleep(0.5)


Trouble = Callable[[Program, float], Awaitable[None]]


async def hangs(service: Program, seconds: float) -> None:
    service.pause()
    await asyncio.sleep(seconds)
    service.resume()


async def is_down(service: Program, seconds: float) -> None:
    await beside(service.kill)
    await asyncio.sleep(seconds)
    await beside(service.start)


@pytest.mark.parametrize("seconds", [2, LEASE + 3])
@pytest.mark.parametrize("trouble", [hangs, is_down])
async def test_redis_can_be_away(new_cluster: NewCluster, trouble: Trouble, seconds: float) -> None:
    """For a moment or for longer than a lease: nothing acknowledged is lost, and all mends itself
    when it is back."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
            async with traffic((anna, bert), (bert, anna)):
                await trouble(cluster.redis, seconds)
            await mended(cluster, anna, bert)


@pytest.mark.parametrize("trouble", [hangs, is_down])
async def test_the_database_can_be_away(new_cluster: NewCluster, trouble: Trouble) -> None:
    """Who is online goes on talking; what can be neither delivered nor stored says 'try again'."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            newcomer(cluster.ports[1]) as away,
        ):
            await away.client.logout()
            async with traffic((anna, bert), (bert, anna)) as flows:
                outage = asyncio.ensure_future(trouble(cluster.mariadb, 8))
                await flows[0].goes_on()
                stored = await anna.client.send(away.id, "for later")  # as often as it takes
                assert not stored.delivered
                await outage
            async with back(cluster.ports[0], away) as returned:
                await returned.hears("for later")


async def delivers(sender: Chatter, recipient: Chatter) -> None:
    """Wait until messages go straight from one to the other."""
    deadline = time.monotonic() + 2 * LEASE
    while not (await sender.client.send(recipient.id, f"now? {time.monotonic()}")).delivered:
        assert time.monotonic() < deadline, "it does not mend"
        await asyncio.sleep(0.2)


async def mended(cluster: Cluster, anna: Chatter, bert: Chatter) -> None:
    """Messages are delivered between the nodes again, and people can come and go."""
    await delivers(anna, bert)
    async with newcomer(cluster.ports[0]) as late:
        assert (await late.client.send(bert.id, "a newcomer")).delivered
