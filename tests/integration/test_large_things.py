"""Large mailboxes, large groups, many clients at once, and clients that do not keep up."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from adapters.client.errors import Refused
from adapters.client.events import Message
from tests.integration.chatter import Chatter, back, beside, connected, eventually, newcomer
from tests.integration.cluster import NewCluster
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess

MAILBOX = 1000  # messages


async def test_a_full_mailbox_refuses_what_is_one_too_many(server: ServerProcess) -> None:
    """And keeps the oldest."""
    texts = [f"stored {number}" for number in range(MAILBOX)]
    async with newcomer(server.port) as anna:
        async with newcomer(server.port) as bert:
            await bert.client.logout()
        await asyncio.gather(*(anna.client.post(bert.id, text) for text in texts))
        with pytest.raises(Refused, match="mailbox_full"):
            await anna.client.send(bert.id, "one too many")
        async with connected(server.port) as returned:
            returned.id = bert.id
            await returned.client.login(bert.id, bert.password)
            await returned.hears(*texts)
            assert len(returned.texts) == len(texts)


async def test_what_waited_is_read_in_windows_with_live_messages_behind(
    server: ServerProcess,
) -> None:
    """Nine hundred messages come in order, then what is said meanwhile."""
    texts = [f"stored {number}" for number in range(900)]
    async with newcomer(server.port) as anna:
        async with newcomer(server.port) as bert:
            await bert.client.logout()
        await asyncio.gather(*(anna.client.post(bert.id, text) for text in texts))
        async with connected(server.port) as returned:
            returned.id = bert.id
            await returned.client.login(bert.id, bert.password)
            live = [f"live {number}" for number in range(50)]
            await asyncio.gather(*(anna.client.post(bert.id, text) for text in live))
            await returned.hears(*texts, *live)
            assert len(returned.texts) == len(texts) + len(live)


async def registered(port: int, count: int) -> list[int]:
    """The ids of so many new accounts."""
    async with connected(port) as registrar:
        mark = time.monotonic_ns()
        return [
            await registrar.client.register(f"{mark} {number}", "secret") for number in range(count)
        ]


async def log_in(stack: AsyncExitStack, port: int, user_id: int) -> Chatter:
    chatter = await stack.enter_async_context(connected(port))
    chatter.id = user_id
    await chatter.client.login(user_id, chatter.password)
    return chatter


async def joined(port: int, group_id: int, user_id: int) -> None:
    async with connected(port) as chatter:
        await chatter.client.login(user_id, chatter.password)
        await chatter.client.join_group(group_id)
        await chatter.client.logout()


async def test_a_large_group_on_three_nodes_half_of_it_away(new_cluster: NewCluster) -> None:
    """Six hundred members: those who are there hear it at once, the others when they return."""
    with new_cluster(nodes=3) as cluster:
        ports = cluster.ports
        async with newcomer(ports[0]) as anna, AsyncExitStack() as stack:
            group = await anna.client.create_group("everybody")
            members = await registered(ports[0], 600)
            for start in range(0, 600, 50):
                await asyncio.gather(
                    *(joined(ports[id_ % 3], group.id, id_) for id_ in members[start : start + 50])
                )
            here = [await log_in(stack, ports[id_ % 3], id_) for id_ in members[:300]]
            ack = await anna.client.send_group(group.id, "can you hear me?")
            assert not ack.delivered
            assert not ack.refused
            await eventually(lambda: all(one.texts == ["can you hear me?"] for one in here))
            for id_ in members[300:600:60]:
                late = await log_in(stack, ports[id_ % 3], id_)
                await late.hears("can you hear me?")


async def resumes(chatter: Chatter, token: str, until: float) -> None:
    """Resume as soon as the server lets one."""
    while True:
        try:
            await chatter.client.resume(token)
        except Refused:
            assert time.monotonic() < until, "it takes too long"
            await asyncio.sleep(0.2)
        else:
            return


async def test_the_clients_of_a_dead_node_resume_on_the_others(new_cluster: NewCluster) -> None:
    """Three hundred of them, by their tokens, as soon as the node's lease has run out."""
    with new_cluster(nodes=2) as cluster:
        members = await registered(cluster.ports[0], 300)
        async with AsyncExitStack() as stack:
            there = [await log_in(stack, cluster.ports[1], id_) for id_ in members]
            tokens = [one.client.token for one in there]
            await beside(cluster.nodes[1].kill)
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            for token in tokens:
                assert token
                again = await stack.enter_async_context(connected(cluster.ports[0]))
                await resumes(again, token, until=began + 20)


async def goes_live(deaf: RawClient, anna: Chatter) -> None:
    """Wait until messages go straight to a client."""
    delivered = False
    while not delivered:
        knock = anna.client.post(deaf.id, "knock")
        chat = await beside(deaf.next_chat)
        await beside(deaf.send, {"msgid": 1014, "push": chat["push"]})
        delivered = (await knock).delivered


async def test_a_client_that_takes_nothing_over_holds_nobody_up(server: ServerProcess) -> None:
    """It is cut off; its sender hears `stored` within 10 s, and it gets everything next time."""
    async with newcomer(server.port) as anna, newcomer(server.port) as bert:
        with RawClient(server.port) as deaf:
            await beside(deaf.register, "deaf")
            await beside(deaf.login)
            await goes_live(deaf, anna)
            began = time.monotonic()
            answers = [anna.client.post(deaf.id, f"message {number}") for number in range(100)]
            bystander = 0
            while not all(answer.done() for answer in answers):
                assert (await anna.client.send(bert.id, "meanwhile")).delivered
                bystander += 1
                await asyncio.sleep(0.05)
            assert time.monotonic() - began < 10
            assert bystander > 20
            assert not any(answer.result().delivered for answer in answers)
        deaf_again = Chatter(anna.client, id=deaf.id, password="secret")
        async with back(server.port, deaf_again) as returned:
            await returned.hears(*(f"message {number}" for number in range(100)))
            assert all(message.stored for message in returned.of(Message)[:100])
