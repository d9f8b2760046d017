"""What a cluster does when a part of it dies, hangs or is cut off."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import attrs
import pytest
import redis

from adapters.client.events import Ack, Message, SessionEnded
from entrypoints.services.program import Program
from tests.integration.chatter import Chatter, back, beside, connected, eventually, newcomer
from tests.integration.cluster import Cluster, NewCluster
from tests.integration.raw_client import RawClient
from tests.integration.test_sessions import cannot_resume

LEASE = 10.0  # seconds
SOON = 2.0  # seconds; nodes look at the log every second, or every 0.1 s where they hear nothing
TEN_LOOKS = 5.0  # seconds; they take one, and ten where a node looks every second
TRY_AGAIN = 50  # the number of `try_again`


def log_in(client: RawClient, who: Chatter) -> dict[str, Any]:
    """As version 1; the answer."""
    return client.ask({"msgid": 1000, "id": who.id, "password": who.password})


async def comes_back_within(seconds: float, port: int, who: Chatter) -> float:
    """Log somebody in by version 1 as soon as that is possible; how long it took."""
    began = time.monotonic()
    with RawClient(port) as client:
        while (await beside(log_in, client, who))["errno"]:
            assert time.monotonic() - began < seconds, "it takes too long"
            await asyncio.sleep(0.2)
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
            await asyncio.sleep(0.03)

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
            await anna.client.send(bert.id, "are you alive?")
            await anna.client.send_group(group.id, "still here?")
            await eventually(lambda: anna.sees_online(bert) is False)
            async with back(cluster.ports[0], bert) as returned:
                await returned.hears("are you alive?", "still here?")
                await returned.client.send_group(group.id, "I am")
                await anna.hears("I am")


async def test_a_killed_node_loses_nothing_that_it_has_acknowledged(
    new_cluster: NewCluster,
) -> None:
    """However much was under way: what has its acknowledgement is there, and in its order."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            connected(cluster.ports[1], reconnect=False) as writer,
        ):
            await anna.client.add_friend(bert.id)
            await writer.client.login(bert.id, bert.password)
            texts = [f"message {number}" for number in range(500)]
            answers = [writer.client.post(anna.id, text) for text in texts]
            await eventually(lambda: sum(answer.done() for answer in answers) > 100)
            await beside(cluster.nodes[1].kill)
            outcomes = await asyncio.gather(*answers, return_exceptions=True)
            safe = {
                outcome.at: text
                for outcome, text in zip(outcomes, texts, strict=True)
                if isinstance(outcome, Ack)
            }
            await eventually(lambda: safe.keys() <= {one.at for one in anna.of(Message)})
            heard = {message.at: message.text for message in anna.of(Message)}
            assert len(safe) > 100
            assert heard | safe == heard
            assert list(heard.values()) == texts[: len(heard)]


async def test_what_a_killed_node_has_not_acknowledged_is_sent_to_another_once(
    new_cluster: NewCluster,
) -> None:
    """Clients come again by way of nginx, and give what has no answer yet to the node that they get
    to. The log knows what it has already: all is heard once, by both devices, and in its order."""
    with new_cluster(nodes=2, nginx=True) as cluster:
        port = cluster.nginx.port
        async with newcomer(port) as anna, newcomer(port) as bert, back(port, anna) as twin:
            await anna.client.add_friend(bert.id)
            texts = [f"message {number}" for number in range(600)]
            writing = asyncio.create_task(post_slowly(bert, anna, texts))
            for node in cluster.nodes:
                await asyncio.sleep(0.5)  # for some to be on their way
                await beside(node.kill)
                await asyncio.sleep(0.5)  # for some to be sent to the other one
                await beside(node.start)
            places = await writing
            for device in (anna, twin):
                await device.hears(*texts)
                assert device.texts == texts
                assert [message.at for message in device.of(Message)] == places


async def post_slowly(sender: Chatter, recipient: Chatter, texts: list[str]) -> list[int]:
    """Return the positions that they were given."""
    answers = []
    for text in texts:
        answers.append(sender.client.post(recipient.id, text))
        await asyncio.sleep(0.005)
    return [(await answer).at for answer in answers]


async def test_a_killed_node_holds_a_slot_for_no_longer_than_its_lease(
    new_cluster: NewCluster,
) -> None:
    """Twelve seconds after a kill at the latest, a client of version 1 is let in elsewhere."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as bert:
            with RawClient(cluster.ports[1]) as old:
                assert log_in(old, bert)["errno"] == 0
                await beside(cluster.nodes[1].kill)
            assert await comes_back_within(12, cluster.ports[0], bert) < 12


async def test_a_node_that_hung_notices_that_its_slots_are_gone(new_cluster: NewCluster) -> None:
    """After 15 s without a pulse others may have them: it closes those sessions of version 1, and
    keeps all of version 2, which hear what was said meanwhile."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
            with RawClient(cluster.ports[1]) as old, RawClient(cluster.ports[0]) as moved:
                assert log_in(old, bert)["errno"] == 0
                cluster.nodes[1].suspend()
                await asyncio.sleep(15)
                assert log_in(moved, bert)["errno"] == 0
                await anna.client.send(bert.id, "which of you?")
                cluster.nodes[1].resume()
                await beside(old.wait_for_close)
                assert moved.next_chat()["msg"] == "which of you?"
                await bert.hears("which of you?")
                with RawClient(cluster.ports[1]) as again:
                    assert log_in(again, bert)["errno"] == 2


async def test_a_node_that_hung_gets_its_own_users_back(new_cluster: NewCluster) -> None:
    """They stay connected, go on, and are seen online again; those of version 1 as well, where
    nobody has taken their slots."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
            await anna.client.add_friend(bert.id)
            with RawClient(cluster.ports[1]) as old:
                assert log_in(old, bert)["errno"] == 0
                cluster.nodes[1].suspend()
                await asyncio.sleep(LEASE + 2)
                await anna.client.send(bert.id, "while you hung")
                cluster.nodes[1].resume()
                await bert.hears("while you hung")
                assert old.next_chat()["msg"] == "while you hung"
                await is_seen_online(anna)


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
    """For a moment or for longer than a lease: chat goes on, nothing acknowledged is lost, and
    presence mends itself when it is back."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
            async with traffic((anna, bert), (bert, anna)) as flows:
                outage = asyncio.ensure_future(trouble(cluster.redis, seconds))
                for flow in flows:
                    await flow.goes_on()
                    await flow.arrives()
                assert not outage.done()
                await outage
            await mended(cluster, anna, bert)


@asynccontextmanager
async def without_redis(cluster: Cluster) -> AsyncGenerator[None]:
    await beside(cluster.redis.kill)
    try:
        yield
    finally:
        await beside(cluster.redis.start)


async def test_without_redis_nodes_follow_the_log_by_themselves(new_cluster: NewCluster) -> None:
    """They ask it ten times a second. People talk, groups are made, and whoever comes is let in;
    but a client of version 1 is told to try again, since there is no telling where else it is."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            without_redis(cluster),
            newcomer(cluster.ports[1]) as bert,
            back(cluster.ports[1], anna) as twin,
        ):
            async with asyncio.timeout(TEN_LOOKS):
                for number in range(10):
                    await bert.tells(anna, f"message {number}")
            await twin.hears(*(f"message {number}" for number in range(10)))
            group = await anna.client.create_group("hikers")
            await bert.client.join_group(group.id)
            await anna.client.send_group(group.id, "welcome")
            await bert.hears("welcome")
            await beside(is_told_to_try_again, cluster.ports[0], bert)


def is_told_to_try_again(port: int, who: Chatter) -> None:
    """A client of version 1, which may do so on the same connection."""
    with RawClient(port) as client:
        assert log_in(client, who)["errno"] == TRY_AGAIN
        assert client.is_alive()


@pytest.mark.parametrize("redis_is_there", [True, False])
async def test_sessions_end_on_other_nodes_too(
    new_cluster: NewCluster, *, redis_is_there: bool
) -> None:
    """One that is ended by name, and all others by a new password; by the log, so without Redis as
    well."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            back(cluster.ports[1], anna) as second,
            back(cluster.ports[1], anna) as third,
            nullcontext() if redis_is_there else without_redis(cluster),
        ):
            tokens = second.client.token, third.client.token
            await end_session_of(anna, second)
            await eventually(lambda: second.of(SessionEnded), SOON)
            await cannot_resume(cluster.ports[1], tokens[0])
            assert third.of(SessionEnded) == []
            await anna.client.change_password(anna.password, "another")
            await eventually(lambda: third.of(SessionEnded), SOON)
            await cannot_resume(cluster.ports[1], tokens[1])
            assert anna.of(SessionEnded) == []


async def end_session_of(who: Chatter, other: Chatter) -> None:
    """By another session of the same user."""
    (mine,) = [one for one in await other.client.sessions() if one.current]
    await who.client.end_session(mine.name)


@pytest.mark.parametrize("trouble", [hangs, is_down])
async def test_the_database_can_be_away(new_cluster: NewCluster, trouble: Trouble) -> None:
    """Nothing is acknowledged that is not in it: clients are told to try again, and what they have
    written arrives in its order when it is back."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            newcomer(cluster.ports[1]) as away,
        ):
            await away.client.logout()
            async with traffic((anna, bert), (bert, anna)):
                outage = asyncio.ensure_future(trouble(cluster.mariadb, 8))
                await asyncio.sleep(1)
                await anna.client.send(away.id, "for later")  # as often as it takes
                assert outage.done()
            async with back(cluster.ports[0], away) as returned:
                await returned.hears("for later")


async def is_seen_online(who: Chatter) -> None:
    """Wait until the one on their list is online."""
    deadline = time.monotonic() + 2 * LEASE
    while [friend.online async for friend in who.client.friends()] != [True]:
        assert time.monotonic() < deadline, "it does not mend"
        await asyncio.sleep(0.2)


async def mended(cluster: Cluster, anna: Chatter, bert: Chatter) -> None:
    """Nodes see one another's users again, and people of either version can come and go."""
    await anna.client.add_friend(bert.id)
    await is_seen_online(anna)
    async with newcomer(cluster.ports[0]) as late:
        await late.tells(bert, "a newcomer")
    await comes_back_within(LEASE, cluster.ports[0], bert)
