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


async def member(stack: AsyncExitStack, port: int, group_id: int) -> Chatter:
    """Somebody new, who has joined the group."""
    chatter = await stack.enter_async_context(newcomer(port))
    await chatter.client.join_group(group_id)
    return chatter


async def test_a_large_group_on_three_nodes_half_of_it_away(new_cluster: NewCluster) -> None:
    """A thousand members: those who are there hear it at once, the others when they return."""
    with new_cluster(nodes=3) as cluster:
        ports = cluster.ports
        async with newcomer(ports[0]) as anna, AsyncExitStack() as stack:
            group = await anna.client.create_group("everybody")
            everybody: list[Chatter] = []
            while len(everybody) < 1000:
                everybody += await asyncio.gather(
                    *(member(stack, ports[number % 3], group.id) for number in range(250))
                )
            here, away = everybody[:500], everybody[500:]
            await asyncio.gather(*(one.client.logout() for one in away))
            ack = await anna.client.send_group(group.id, "can you hear me?")
            assert not ack.delivered
            assert not ack.refused
            await eventually(lambda: all(one.texts == ["can you hear me?"] for one in here))
            for one in away[::100]:
                async with back(ports[one.id % 3], one) as returned:
                    await returned.hears("can you hear me?")


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
