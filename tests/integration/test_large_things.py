"""Many waiting messages, large groups, many clients at once, and clients that do not keep up."""

import asyncio
import select
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack

import pytest

from adapters.client.errors import Refused
from adapters.mysql import mysql_store
from chat_domain.log.session import MOST_UNANSWERED
from tests.eventually import eventually
from tests.integration.abuse.attackers import ask, attacker
from tests.integration.chatter import Chatter, back, beside, connected, newcomer
from tests.integration.cluster import NewCluster
from tests.integration.many import large_group
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess

MAILBOX = 1000  # messages of a sender who is not on the recipient's list
TOO_MUCH = 1_250  # texts of 4,000 bytes: more than waits in the server and in the network
LISTENERS = 20
HEARD_WITHIN = 120.0  # seconds
MARK = "#"  # of a text, in what arrives


async def test_a_full_mailbox_refuses_what_is_one_too_many(server: ServerProcess) -> None:
    """This is for a sender who is not on the recipient's list. The oldest are kept, in order."""
    texts = [f"stored {number}" for number in range(MAILBOX + MOST_UNANSWERED)]
    async with newcomer(server.port) as anna:
        async with newcomer(server.port) as bert:
            await bert.client.logout()
        answers = [anna.client.post(bert.id, text) for text in texts]
        await asyncio.wait(answers)
        with pytest.raises(Refused, match="mailbox_full"):
            await anna.client.send(bert.id, "one too many")
        kept = [text for text, answer in zip(texts, answers, strict=True) if not answer.exception()]
        assert kept == texts[:MAILBOX]
        async with back(server.port, bert) as returned:
            await returned.hears(*kept)
            assert len(returned.texts) == len(kept)


async def test_what_waited_is_read_before_what_is_said_meanwhile(server: ServerProcess) -> None:
    """Nine hundred messages come in order, and fifty live ones after them."""
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


async def member(stack: AsyncExitStack, port: int, user_id: int) -> Chatter:
    """A member of the group, who logs in."""
    chatter = await stack.enter_async_context(connected(port))
    chatter.id = user_id
    await chatter.client.login(user_id, chatter.password)
    return chatter


async def test_a_large_group_on_three_nodes_half_of_it_away(new_cluster: NewCluster) -> None:
    """It has four hundred members. Those online hear a message at once, the others on return."""
    with new_cluster(nodes=0) as cluster:
        async with mysql_store(cluster.store) as store:
            group_id, users = await large_group(store, 400, "secret")
        ports = [(await beside(cluster.new_node)).port for _ in range(3)]
        async with AsyncExitStack() as stack:
            here: list[Chatter] = []
            while len(here) < 200:
                coming = users[len(here) : len(here) + 20]
                here += await asyncio.gather(
                    *(member(stack, ports[one % 3], one) for one in coming)
                )
            anna, *others = here
            away = [await member(stack, ports[one % 3], one) for one in users[200::40]]
            await asyncio.gather(*(one.client.logout() for one in away))
            await anna.client.send_group(group_id, "can you hear me?")
            await eventually(lambda: all(one.texts == ["can you hear me?"] for one in others))
            for one in away:
                async with back(ports[one.id % 3], one) as returned:
                    await returned.hears("can you hear me?")


def enter(sock: socket.socket, name: str, group_id: int) -> None:
    """Register a new user who joins the group."""
    user_id = ask(sock, msgid=1003, name=name, password="x")["id"]
    ask(sock, msgid=1000, id=user_id, password="x", v=2)
    assert ask(sock, msgid=1008, groupid=group_id)["what"] == "joined"


def listen(socks: Sequence[socket.socket], count: int) -> None:
    """Read on all of these connections until each has received so many texts."""
    left = dict.fromkeys(socks, count)
    until = time.monotonic() + HEARD_WITHIN
    while left:
        assert time.monotonic() < until, sorted(left.values())
        readable, _, _ = select.select(left, [], [], 1.0)
        for sock in readable:
            left[sock] -= sock.recv(262_144).count(MARK.encode())
            if not left[sock]:
                del left[sock]


def test_a_reader_that_stops_costs_its_group_nothing(server: ServerProcess) -> None:
    """Twenty others hear everything that is said meanwhile. The reader is not cut off, and
    hears the same, in order, once it reads on."""
    with ExitStack() as stack:
        writers = [stack.enter_context(RawClient(server.port)) for _ in range(4)]
        for number, writer in enumerate(writers):
            writer.register(f"writer {number}")
            writer.login()
        group_id = writers[0].ask({"msgid": 1007, "groupname": "everybody"})["groupid"]
        deaf = stack.enter_context(RawClient(server.port))
        deaf.register("deaf")
        deaf.login()
        for member in (*writers[1:], deaf):
            member.ask({"msgid": 1008, "groupid": group_id})
        others = []
        for number in range(LISTENERS):
            others.append(stack.enter_context(attacker(server.port)))
            enter(others[-1], f"listener {number}", group_id)
        with ThreadPoolExecutor(1) as pool:
            listening = pool.submit(listen, others, TOO_MUCH)
            texts = [f"{MARK}{number} {'x' * 4000}" for number in range(TOO_MUCH)]
            for number, text in enumerate(texts):
                writer = writers[number % len(writers)]
                writer.ask({"msgid": 1009, "groupid": group_id, "msg": text})
            listening.result()
        assert [deaf.next_chat()["msg"] for _ in texts] == texts
        assert deaf.is_alive()
