"""A Redis that answers, but with refusals, or with what others have put there."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from entrypoints.services.ports import free_port
from tests.eventually import PATIENCE, eventually
from tests.integration.chatter import Chatter, beside, newcomer
from tests.integration.cluster import Cluster, NewCluster
from tests.integration.test_operators_port import becomes, get, number
from tests.integration.traffic import LEASE, traffic

# What makes Redis refuse to write, by the code of the refusal, and what undoes that.
REFUSALS = {
    "NOREPLICAS": ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
    "READONLY": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "OOM": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "NOPERM": ("ACL SETUSER default -eval", "ACL SETUSER default +@all"),
}
BAD_PACKETS = [b"\x93\x01\xa1\xff\x90", b"\xc1", b"", b"=", b"\x93\x01\xa1n\x91" + b"\x91" * 9999]


@contextmanager
def asked(cluster: Cluster) -> Iterator["redis.Redis"]:
    """A connection to the cluster's Redis."""
    with redis.Redis.from_url(cluster.redis.url()) as client:
        yield client


def ask(cluster: Cluster, command: str) -> None:
    with asked(cluster) as client:
        client.execute_command(*command.split())  # type: ignore[no-untyped-call]  # redis lacks the type


async def mended(anna: Chatter, bert: Chatter) -> None:
    """Wait until they reach each other, and each node sees the other's users."""
    for one, other in ((anna, bert), (bert, anna)):
        await one.tells(other, "all is well")
        await one.client.add_friend(other.id)
        deadline = time.monotonic() + PATIENCE
        while not {friend.id async for friend in one.client.friends() if friend.online}:
            assert time.monotonic() < deadline, "it does not mend"
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("code", REFUSALS)
async def test_a_redis_that_refuses_is_asked_again(new_cluster: NewCluster, code: str) -> None:
    """It refuses for longer than a lease: nodes say why they are not ready, and chat goes on. They
    recover by themselves when it is over, without a restart."""
    refuse, allow = REFUSALS[code]
    port = free_port()
    with new_cluster(nodes=1) as cluster:
        first = cluster.nodes[0]
        cluster.new_node("--http-port", str(port))
        async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
            async with traffic((anna, bert), (bert, anna)):
                try:
                    await beside(ask, cluster, refuse)
                    await asyncio.sleep(LEASE + 2)
                    why = await becomes(port, 503)
                finally:
                    await beside(ask, cluster, allow)
            await becomes(port, 200)
            await mended(anna, bert)
            assert f"lease ({code})" in why
            page = (await beside(get, port, "/metrics"))[1]
            assert number(page, 'chat_defects_total{where="lease"}') == 0
        assert first.log.count(f'"why": "{code} ') <= 2  # one for the lease, one for other commands


def spoil(cluster: Cluster, *people: Chatter) -> None:
    """Publish bad packets, and replace what nodes keep by something else."""
    with asked(cluster) as client:
        channels = client.pubsub_channels(f"{cluster.prefix}:*")
        assert len(channels) == 2
        for channel in channels:
            for packet in BAD_PACKETS:
                client.publish(channel, packet)
        for key in client.scan_iter(f"{cluster.prefix}:present:*"):
            client.sadd(key, b"\xff", "no number", "-1")
        client.set(f"{cluster.prefix}:slot:{people[0].id}", b"\xff")
        client.rpush(f"{cluster.prefix}:slot:{people[1].id}", "a list")
        client.set(f"{cluster.prefix}:nodes", "no set")


async def test_what_somebody_puts_into_redis_silences_no_node(new_cluster: NewCluster) -> None:
    """Nodes still listen, keep their leases, and log users in whatever Redis has about them."""
    port = free_port()
    with new_cluster(nodes=1) as cluster:
        cluster.new_node("--http-port", str(port))
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            newcomer(cluster.ports[0]) as carl,
        ):
            await anna.tells(bert, "before")
            await beside(spoil, cluster, bert, carl)
            await anna.tells(bert, "after")
            await bert.tells(anna, "after")
            await bert.client.logout()
            await bert.client.login(bert.id, bert.password)
            await carl.client.logout()
            await carl.client.login(carl.id, carl.password)
            await asyncio.sleep(LEASE + 1)  # leases that were not renewed would be over
            await mended(anna, bert)
            assert await beside(get, port, "/readyz") == (200, "ready\n")
            page = (await beside(get, port, "/metrics"))[1]
            assert number(page, 'chat_malformed_total{source="redis"}') > 0
            assert number(page, 'chat_defects_total{where="listener"}') == 0


def connections(cluster: Cluster) -> set[str]:
    """The connections over which commands come."""
    with asked(cluster) as client:
        found = client.client_list()
    return {one["id"] for one in found if one["cmd"] in {"eval", "publish"}}


async def test_a_node_that_meets_a_replica_connects_anew(new_cluster: NewCluster) -> None:
    """Its address may lead to the Redis that has taken over."""
    with new_cluster(nodes=1) as cluster:
        before = await beside(connections, cluster)
        try:
            await beside(ask, cluster, REFUSALS["READONLY"][0])
            await eventually(lambda: connections(cluster) - before)
            await eventually(lambda: not connections(cluster) & before)
        finally:
            await beside(ask, cluster, REFUSALS["READONLY"][1])
        async with newcomer(cluster.ports[0]) as anna:
            await anna.client.send(anna.id, "still here")
