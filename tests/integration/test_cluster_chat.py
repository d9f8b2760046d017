"""A cluster is one chat: clients do not notice which node they are on."""

import asyncio
from collections.abc import Iterator

import pytest

from adapters.client import hints
from adapters.client.errors import Refused
from chat_domain.model import User
from tests.integration.chatter import Chatter, back, beside, connected, eventually, newcomer
from tests.integration.cluster import Cluster, NewCluster


@pytest.fixture(scope="module")
def shared_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """One cluster of two nodes for all tests of this module, which leave it whole."""
    services = request.getfixturevalue("cluster_services")
    factory = request.getfixturevalue("tmp_path_factory")
    with Cluster(services, factory.mktemp("cluster"), nodes=2) as cluster:
        yield cluster


@pytest.fixture
def ports(shared_cluster: Cluster) -> list[int]:
    return shared_cluster.ports


async def test_two_users_on_two_nodes_talk(ports: list[int]) -> None:
    """Messages go both ways and are acknowledged as delivered."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert:
        assert (await anna.client.send(bert.id, "hello")).delivered
        assert (await bert.client.send(anna.id, "hello yourself")).delivered
        await bert.hears("hello")
        await anna.hears("hello yourself")


async def test_many_messages_between_nodes_keep_their_order(ports: list[int]) -> None:
    """Five hundred, many of them under way at once."""
    texts = [f"message {number}" for number in range(500)]
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert:
        answers = [anna.client.post(bert.id, text) for text in texts]
        await asyncio.gather(*answers)
        await bert.hears(*texts)
        assert len(bert.texts) == len(texts)


async def test_a_group_spans_the_nodes(ports: list[int]) -> None:
    """Whoever has joined, on whichever node, hears it; whoever has left does not."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert, newcomer(ports[0]) as carl:
        group = await anna.client.create_group(f"group of {anna.name}")
        await bert.client.join_group(group.id)
        await carl.client.join_group(group.id)
        assert (await bert.client.send_group(group.id, "all here?")).delivered
        await anna.hears("all here?")
        await carl.hears("all here?")
        await carl.client.leave_group(group.id)
        assert (await anna.client.send_group(group.id, "carl has left")).delivered
        await bert.hears("carl has left")
        assert carl.texts == ["all here?"]


async def test_a_group_s_new_name_is_told_on_every_node(ports: list[int]) -> None:
    """To all members who are online, but for the one who has given it."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert, newcomer(ports[0]) as carl:
        group = await anna.client.create_group(f"group of {anna.name}")
        for member in (bert, carl):
            await member.client.join_group(group.id)
        with pytest.raises(Refused, match="not_allowed"):
            await bert.client.rename_group(group.id, "mine")
        name = f"{group.name}, renamed"
        await anna.client.rename_group(group.id, name)
        change = hints.GroupChanged(group.id, name, User(anna.id, anna.name))
        await eventually(lambda: bert.of(hints.GroupChanged) and carl.of(hints.GroupChanged))
        assert bert.of(hints.GroupChanged) == carl.of(hints.GroupChanged) == [change]
        assert [own.group.name async for own in bert.client.groups()] == [name]
        assert anna.of(hints.GroupChanged) == []


async def test_what_was_missed_is_read_on_another_node(ports: list[int]) -> None:
    """Messages to somebody offline wait, and come in order wherever they log in."""
    async with newcomer(ports[0]) as anna:
        async with newcomer(ports[1]) as bert:
            await bert.client.logout()
        for text in ("one", "two", "three"):
            assert not (await anna.client.send(bert.id, text)).delivered
        async with back(ports[0], bert) as returned:
            await returned.hears("one", "two", "three")


async def test_friends_on_other_nodes_see_who_comes_and_goes(ports: list[int]) -> None:
    """By events, and in the list."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert:
        assert (await anna.client.add_friend(bert.id)).online
        await bert.client.logout()
        await eventually(lambda: anna.sees_online(bert) is False)
        assert [friend.online async for friend in anna.client.friends()] == [False]
        await bert.client.login(bert.id, bert.password)
        await eventually(lambda: anna.sees_online(bert) is True)


async def test_a_second_login_elsewhere_is_refused(ports: list[int]) -> None:
    """One user has one session in the whole cluster."""
    async with newcomer(ports[0]) as anna, connected(ports[1]) as other:
        with pytest.raises(Refused, match="already_online"):
            await other.client.login(anna.id, anna.password)
        await anna.goes_live()


async def test_a_session_resumes_on_another_node(ports: list[int]) -> None:
    """With its token; the old connection is told that it was replaced."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert:
        token = anna.client.token
        assert token
        async with connected(ports[1]) as moved:
            moved.id = anna.id
            await moved.client.resume(token)
            await moved.goes_live()
            assert (await bert.client.send(anna.id, "where are you?")).delivered
            await moved.hears("where are you?")


async def log_in_at_once(first: Chatter, second: Chatter, who: Chatter) -> int:
    """Try to log a user in on two connections at the same instant; how many succeed."""
    tries = await asyncio.gather(
        first.client.login(who.id, who.password),
        second.client.login(who.id, who.password),
        return_exceptions=True,
    )
    for one, chatter in zip(tries, (first, second), strict=True):
        if not isinstance(one, BaseException):
            await chatter.client.logout()
        else:
            assert isinstance(one, Refused)
            assert one.error == "already_online"
    return sum(not isinstance(one, BaseException) for one in tries)


async def test_of_two_logins_at_the_same_instant_one_wins(ports: list[int]) -> None:
    """Two hundred times, on two nodes."""
    async with newcomer(ports[0]) as anna:
        await anna.client.logout()
        async with connected(ports[0]) as first, connected(ports[1]) as second:
            winners = [await log_in_at_once(first, second, anna) for _ in range(200)]
    assert winners == [1] * 200


async def test_ctrl_c_on_one_node_logs_out_its_users_and_nobody_elses(
    new_cluster: NewCluster,
) -> None:
    """The others stay online, and are told who has gone; the node exits with status 0."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as anna:
            async with newcomer(cluster.ports[1]) as bert:
                await anna.client.add_friend(bert.id)
                assert await beside(cluster.nodes[1].interrupt) == 0
                await eventually(lambda: anna.sees_online(bert) is False)
            await anna.goes_live()
            async with back(cluster.ports[0], bert) as returned:
                assert (await anna.client.send(bert.id, "welcome back")).delivered
                await returned.hears("welcome back")
