"""Nodes that start while their Redis is down, or does not yet do what they ask."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from chat_domain.model import Friend
from entrypoints.services.cluster import LocalCluster, Ports
from entrypoints.services.ports import free_port
from entrypoints.services.redis import Redis
from tests.eventually import eventually
from tests.integration.chatter import Chatter, beside, newcomer
from tests.integration.cluster import Cluster, NewCluster, NodeProcess
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess
from tests.integration.test_operators_port import becomes, get, number
from tests.integration.test_redis_failures import is_told_to_try_again, mended
from tests.integration.test_redis_refuses import REFUSALS, ask, asked
from tests.integration.traffic import LEASE, comes_back_within
from tests.integration.trouble import Trouble, hangs, is_down

ONLINE_ALREADY = 2  # the number of `already_online`


async def says(port: int, text: str) -> None:
    """Wait until /readyz says this, possibly among other problems."""
    await eventually(lambda: text in get(port, "/readyz")[1])


async def talk(anna: Chatter, bert: Chatter) -> None:
    """Let each hear the other; neither has written to the other before."""
    await anna.tells(bert, "from the one node")
    await bert.tells(anna, "from the other")


async def who_is_online_is_unknown(asks: Chatter, other: Chatter) -> None:
    listed = Friend(other.id, other.name, online=None)
    assert await asks.client.add_friend(other.id) == listed
    assert [friend async for friend in asks.client.friends()] == [listed]


def again(node: NodeProcess) -> None:
    node.kill()
    node.start()


@pytest.mark.parametrize(("trouble", "why"), [(is_down, "no connection"), (hangs, "no answer")])
async def test_nodes_start_without_redis(
    new_cluster: NewCluster, trouble: Trouble, why: str
) -> None:
    """A restarted node and a new one serve like the one that kept running, report the same as
    missing, and are complete when Redis comes."""
    ports = [free_port() for _ in range(3)]
    with new_cluster(nodes=0) as cluster:
        for port in ports[:2]:
            cluster.new_node("--http-port", str(port))
        async with AsyncExitStack() as stack:
            async with trouble(cluster.redis):
                await beside(again, cluster.nodes[1])
                await beside(cluster.new_node, "--http-port", str(ports[2]))
                anna = await stack.enter_async_context(newcomer(cluster.ports[1]))
                bert = await stack.enter_async_context(newcomer(cluster.ports[2]))
                await talk(anna, bert)
                await who_is_online_is_unknown(bert, anna)
                for port in cluster.ports:
                    await beside(is_told_to_try_again, port, anna)
                for port in ports:
                    await says(port, f"broker, lease ({why})")
            for port in ports:
                assert await becomes(port, 200) == "ready\n"
            await whole(cluster, anna, bert)
        for node, port in zip(cluster.nodes, ports, strict=True):
            page = (await beside(get, port, "/metrics"))[1]
            for where in ("lease", "listener", "redis commands"):
                assert number(page, f'chat_defects_total{{where="{where}"}}') == 0
            assert node.log.count('"starting without redis"') == (node is not cluster.nodes[0])


async def whole(cluster: Cluster, anna: Chatter, bert: Chatter) -> None:
    """Check that notes arrive, that each node counts, and that version 1 has one slot for all."""
    await mended(cluster, anna, bert)
    await bert.client.logout()
    await eventually(lambda: anna.sees_online(bert) is False)
    await bert.client.login(bert.id, bert.password)
    await beside(all_listen, cluster)
    await comes_back_within(LEASE, cluster.ports[1], bert)
    await beside(has_one_slot, cluster, bert)


def all_listen(cluster: Cluster) -> None:
    with asked(cluster) as client:
        channels = f"{cluster.prefix}:all", f"{cluster.prefix}:leased"
        assert [count for _, count in client.pubsub_numsub(*channels)] == [len(cluster.nodes)] * 2


def has_one_slot(cluster: Cluster, who: Chatter) -> None:
    request = {"msgid": 1000, "id": who.id, "password": who.password}
    with RawClient(cluster.ports[1], b"\0") as first, RawClient(cluster.ports[2], b"\0") as second:
        for client, errno in ((first, 0), (second, ONLINE_ALREADY)):
            client.send(request)
            assert client.find_msgid(1001)["errno"] == errno


@pytest.mark.parametrize("code", ["NOREPLICAS", "READONLY", "OOM"])
async def test_a_node_starts_at_a_redis_that_refuses_for_now(
    new_cluster: NewCluster, code: str
) -> None:
    """A problem of Redis that an operator will solve keeps nobody from chatting."""
    port = free_port()
    refuse, allow = REFUSALS[code]
    with new_cluster(nodes=1) as cluster:
        try:
            await beside(ask, cluster, refuse)
            await beside(cluster.new_node, "--http-port", str(port))
            await says(port, f"lease ({code})")
            async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
                await talk(anna, bert)
        finally:
            await beside(ask, cluster, allow)
        await becomes(port, 200)


@pytest.mark.parametrize(
    ("options", "login", "code"),
    [
        (("--cluster-enabled", "yes"), None, "CLUSTER"),
        (("--requirepass", "secret"), ("default", "secret"), "NOAUTH"),
    ],
)
async def test_a_mistake_that_shows_later_ends_no_node(
    tmp_path: Path, options: Sequence[str], login: tuple[str, str] | None, code: str
) -> None:
    """Redis has come, but cannot be used: the node says so, and users go on chatting."""
    port = free_port()
    if code == "CLUSTER":
        options = (*options, "--cluster-port", str(free_port()))
    redis = Redis(tmp_path / "redis", options=options, login=login)
    store = f"sqlite:///{tmp_path}/chat.db"
    how = ("--broker", redis.url(), "--hashing", "cheap", "--http-port", str(port))
    with ServerProcess(store, *how) as node:
        async with newcomer(node.port) as anna, newcomer(node.port) as bert:
            await says(port, "broker, lease (no connection)")
            with redis:
                await says(port, f"lease ({code})")
                await talk(anna, bert)


@pytest.fixture
async def local_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LocalCluster]:
    """Everything that `make cluster` starts, with two nodes."""
    monkeypatch.setenv("CHAT_HASHING", "cheap")
    pairs = [(free_port(), free_port()) for _ in range(3)]
    ports = Ports(free_port(), pairs[0], pairs[1], free_port(), pairs[2], free_port(), free_port())
    cluster = LocalCluster(tmp_path / "cluster", ports)
    try:
        await beside(cluster.start, lambda _: None)
        yield cluster
    finally:
        await beside(cluster.stop)


async def test_nodes_of_a_local_cluster_start_without_redis(local_cluster: LocalCluster) -> None:
    """All of them do, so that a client gets no other from nginx."""
    async with AsyncExitStack() as stack:
        async with is_down(local_cluster.redis):
            for node in local_cluster.nodes:
                await beside(node.restart)
            port = local_cluster.nginx.port
            anna = await stack.enter_async_context(newcomer(port))
            bert = await stack.enter_async_context(newcomer(port))
            await talk(anna, bert)
        for node in local_cluster.nodes:
            await becomes(int(node.operators.rpartition(":")[2]), 200)
        await anna.client.add_friend(bert.id)
