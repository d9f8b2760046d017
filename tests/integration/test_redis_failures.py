"""What a cluster does when Redis hangs, is down, or cuts its nodes off."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext

import pytest
import redis

from adapters.client.events import SessionEnded
from chat_domain.model import Friend
from tests.eventually import eventually
from tests.integration.chatter import Chatter, back, beside, newcomer
from tests.integration.cluster import Cluster, NewCluster
from tests.integration.raw_client import RawClient
from tests.integration.test_sessions import cannot_resume
from tests.integration.traffic import LEASE, comes_back_within, is_seen_online, log_in, traffic
from tests.integration.trouble import Trouble, hangs, is_down

MANY = 10  # messages
TRY_AGAIN = 50  # the number of `try_again`


def cut_subscriptions(cluster: Cluster) -> None:
    with redis.Redis.from_url(cluster.redis.url()) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


async def test_cut_subscriptions_lose_nothing(new_cluster: NewCluster) -> None:
    """Redis cuts the nodes' subscriptions in the middle of traffic, five times."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            traffic((anna, bert), (bert, anna)) as flows,
        ):
            for _ in range(5):
                await beside(cut_subscriptions, cluster)
                for flow in flows:
                    await flow.goes_on()


@pytest.mark.parametrize("seconds", [2, LEASE + 3])
@pytest.mark.parametrize("trouble", [hangs, is_down])
async def test_redis_can_be_away(new_cluster: NewCluster, trouble: Trouble, seconds: float) -> None:
    """For a moment or for longer than a lease, chat goes on, nothing acknowledged is lost, and
    presence recovers when Redis is back.

    Nobody writes on the third node. What a node writes shows it what it missed before, so only this
    one tells whether nodes look at the log by themselves.
    """
    with new_cluster(nodes=3) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            newcomer(cluster.ports[2]) as carl,
        ):
            pairs = (anna, bert), (bert, anna), (anna, carl)
            async with traffic(*pairs) as flows, trouble(cluster.redis):
                await asyncio.sleep(seconds)
                for flow in flows:
                    await flow.goes_on()
                    await flow.arrives()
            await mended(cluster, anna, bert)


@asynccontextmanager
async def without_redis(cluster: Cluster) -> AsyncGenerator[None]:
    await beside(cluster.redis.kill)
    try:
        yield
    finally:
        await beside(cluster.redis.start)


async def test_without_redis_nodes_follow_the_log_by_themselves(new_cluster: NewCluster) -> None:
    """Users talk, make groups, look others up and log in, though nobody knows who is online; but a
    client of version 1 is told to try again, since nobody knows where else it is."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            without_redis(cluster),
            newcomer(cluster.ports[1]) as bert,
            back(cluster.ports[1], anna) as twin,
        ):
            for number in range(MANY):
                await bert.tells(anna, f"message {number}")
            await twin.hears(*(f"message {number}" for number in range(MANY)))
            group = await anna.client.create_group("hikers")
            await bert.client.join_group(group.id)
            await anna.client.send_group(group.id, "welcome")
            await bert.hears("welcome")
            listed = Friend(bert.id, bert.name, online=None)
            assert await anna.client.add_friend(bert.name) == listed
            assert await anna.client.find_user(bert.name) == listed
            assert [one async for one in anna.client.friends()] == [listed]
            members = [one async for one in anna.client.members(group.id)]
            assert [(one.id, one.online) for one in members] == [(anna.id, None), (bert.id, None)]
            await beside(is_told_to_try_again, cluster.ports[0], bert)


def is_told_to_try_again(port: int, who: Chatter) -> None:
    """Check that a client of version 1 is, and may try again on the same connection."""
    with RawClient(port) as client:
        assert log_in(client, who)["errno"] == TRY_AGAIN
        assert client.is_alive()


@pytest.mark.parametrize("redis_is_there", [True, False])
async def test_sessions_end_on_other_nodes_too(
    new_cluster: NewCluster, *, redis_is_there: bool
) -> None:
    """One is ended by name, and all others by a new password. The log carries this, so it works
    without Redis."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            back(cluster.ports[1], anna) as second,
            back(cluster.ports[1], anna) as third,
            nullcontext() if redis_is_there else without_redis(cluster),
        ):
            tokens = second.client.token, third.client.token
            await end_session_of(anna, second)
            await eventually(lambda: second.of(SessionEnded))
            await cannot_resume(cluster.ports[1], tokens[0])
            assert third.of(SessionEnded) == []
            await anna.client.change_password(anna.password, "another")
            await eventually(lambda: third.of(SessionEnded))
            await cannot_resume(cluster.ports[1], tokens[1])
            assert anna.of(SessionEnded) == []


async def end_session_of(who: Chatter, other: Chatter) -> None:
    """End it from another session of the same user."""
    (mine,) = [one for one in await other.client.sessions() if one.current]
    await who.client.end_session(mine.name)


async def mended(cluster: Cluster, anna: Chatter, bert: Chatter) -> None:
    """Wait until nodes see each other's users again and users of either version come and go."""
    await anna.client.add_friend(bert.id)
    await is_seen_online(anna)
    async with newcomer(cluster.ports[0]) as late:
        await late.tells(bert, "a newcomer")
    await comes_back_within(LEASE, cluster.ports[0], bert)
