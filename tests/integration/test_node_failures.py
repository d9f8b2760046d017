"""What a cluster does when a node of it dies or hangs."""

import asyncio

from adapters.client.events import Ack, Message
from tests.eventually import eventually
from tests.integration.chatter import Chatter, back, beside, connected, newcomer
from tests.integration.cluster import NewCluster
from tests.integration.raw_client import RawClient
from tests.integration.traffic import LEASE, comes_back_within, is_seen_online, log_in


async def test_users_of_a_killed_node_can_log_in_elsewhere(new_cluster: NewCluster) -> None:
    """They can within 12 s. Friends are told, groups go on, and nothing acknowledged is lost."""
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
    """However much was under way, everything acknowledged is there, in order."""
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
    """Clients reconnect through nginx, and send what has no answer to the node that they get. The
    log knows what it already has: both devices receive everything once and in order."""
    with new_cluster(nodes=2, nginx=True) as cluster:
        port = cluster.nginx.port
        async with newcomer(port) as anna, newcomer(port) as bert, back(port, anna) as twin:
            await anna.client.add_friend(bert.id)
            posts = Posts(bert, anna)
            writing = asyncio.create_task(posts.write())
            for node in cluster.nodes:
                await posts.go_on()
                await beside(node.kill)
                await posts.go_on()
                await beside(node.start)
            texts, places = await posts.end(writing)
            for device in (anna, twin):
                await device.hears(*texts)
                assert device.texts == texts
                assert [message.at for message in device.of(Message)] == places


class Posts:
    """Messages that do not wait for the answers to those before them."""

    def __init__(self, sender: Chatter, recipient: Chatter) -> None:
        self._sender = sender
        self._recipient = recipient
        self._answers: dict[str, asyncio.Future[Ack]] = {}

    async def write(self) -> None:
        """Send messages until cancelled."""
        while True:
            text = f"message {len(self._answers)}"
            self._answers[text] = self._sender.client.post(self._recipient.id, text)
            await asyncio.sleep(0.005)

    async def go_on(self) -> None:
        """Wait until a hundred more are answered, by either node."""
        enough = self._answered() + 100
        await eventually(lambda: self._answered() >= enough)

    def _answered(self) -> int:
        return sum(answer.done() for answer in self._answers.values())

    async def end(self, writing: asyncio.Task[None]) -> tuple[list[str], list[int]]:
        """Stop; return the texts and the positions that they got."""
        writing.cancel()
        answers = await asyncio.gather(*self._answers.values())
        return list(self._answers), [answer.at for answer in answers]


async def test_a_killed_node_holds_a_slot_for_no_longer_than_its_lease(
    new_cluster: NewCluster,
) -> None:
    """At most twelve seconds after a kill, a client of version 1 can log in elsewhere."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as bert:
            with RawClient(cluster.ports[1]) as old:
                assert log_in(old, bert)["errno"] == 0
                await beside(cluster.nodes[1].kill)
            await comes_back_within(12, cluster.ports[0], bert)


async def test_a_node_that_hung_notices_that_its_slots_are_gone(new_cluster: NewCluster) -> None:
    """After it has hung for 15 s, others may have its slots. It closes the sessions of version 1
    that lost theirs, and keeps all of version 2, which get what was said meanwhile."""
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


async def test_a_node_that_hung_notices_which_sessions_have_ended(new_cluster: NewCluster) -> None:
    """While it hangs, a user's device logs in elsewhere, in the place of its session there. It
    closes that one's connection, and keeps the user's others."""
    with (
        new_cluster(nodes=2) as cluster,
        RawClient(cluster.ports[1]) as phone,
        RawClient(cluster.ports[1]) as laptop,
    ):
        laptop.id = phone.register("Anna")
        phone.login(device="phone")
        laptop.login(device="laptop")
        cluster.nodes[1].suspend()
        await asyncio.sleep(LEASE)
        with RawClient(cluster.ports[0]) as moved:
            moved.id = phone.id
            moved.login(device="phone")
            cluster.nodes[1].resume()
            await beside(phone.wait_for_close)
            assert laptop.is_alive()
            assert moved.is_alive()


async def test_a_node_that_hung_gets_its_own_users_back(new_cluster: NewCluster) -> None:
    """They stay connected, go on, and are seen online again; those of version 1 as well, if nobody
    has taken their slots."""
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
