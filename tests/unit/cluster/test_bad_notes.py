"""Whoever can publish in Redis can say anything to a node. It listens on, and goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing

import attrs
import fakeredis
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from adapters.incidents import INCIDENTS
from adapters.memory import memory_store
from adapters.passwords import Argon2Hasher
from adapters.redis import codec
from adapters.redis.cluster import RedisCluster, taking_part
from adapters.redis.keys import Keys
from chat_domain.chat import Chat
from chat_domain.cluster.node import MOST_ORIGINS
from chat_domain.hints import Notice
from chat_domain.model import Message
from chat_domain.notes import Fetch, Handed, Note, Tell
from tests.contract.nodes import Person, enter, eventually
from tests.contract.pairs import node

KEYS = Keys("test")
BAD = [b"\x93\x01\xa1\xff\x90", b"\xc1", b"=", b"=17", b"not a packet", b"\x93" + b"\x91" * 60_000]


def notice(text: str) -> Tell:
    return Tell(Notice(text), None)


@attrs.frozen
class Listening:
    """A node with somebody on it, and a connection to Redis beside it."""

    chat: Chat
    cluster: RedisCluster
    anna: Person
    redis: fakeredis.FakeAsyncRedis

    async def publish(self, *packets: bytes, channel: str = "") -> None:
        channel = channel or KEYS.channel(self.cluster.surroundings.name)
        for packet in packets:
            assert await self.redis.publish(channel, packet)

    async def hears(self, text: str) -> None:
        """Something published now arrives."""
        await self.publish(codec.encode("other", [notice(text)]))
        await eventually(lambda: text in self.anna.client.notices)


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    server = fakeredis.FakeServer()
    async with AsyncExitStack() as stack:
        hasher = stack.enter_context(closing(Argon2Hasher(cheap=True)))
        client = fakeredis.FakeAsyncRedis(server=server)
        stack.push_async_callback(client.aclose)
        cluster = await stack.enter_async_context(taking_part(client, KEYS.prefix))
        chat = node(memory_store(), cluster.surroundings, hasher)
        await cluster.join(chat.node)
        anna = await enter(chat, await chat.registration.register("anna", "x"))
        beside = await stack.enter_async_context(fakeredis.FakeAsyncRedis(server=server))
        yield Listening(chat, cluster, anna, beside)


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[EventDict]]:
    """What is logged."""
    with capture_logs() as lines:
        yield lines


@pytest.mark.parametrize("bad", BAD)
async def test_a_malformed_packet_does_not_end_the_listening(
    listening: Listening, bad: bytes
) -> None:
    """On the node's own channel, and on that of all."""
    await listening.publish(bad)
    await listening.publish(bad, channel=KEYS.everybody)
    await listening.hears("you are there")


async def test_malformed_packets_are_counted_and_told_once(
    listening: Listening, lines: list[EventDict]
) -> None:
    """However many come, and without what is in them."""
    await listening.publish(*[b"\x93\x01\xa1\xff\x90"] * 500)
    await listening.hears("you are there")
    assert INCIDENTS.malformed["redis"] == 500
    (line,) = [line for line in lines if line["event"] == "malformed input"]
    assert (line["source"], line["what"], line["why"]) == ("redis", "packet", "UnicodeDecodeError")


async def test_a_note_that_meets_a_defect_takes_no_other_with_it(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither those in its packet nor what comes later."""

    def fail(_: int) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(type(listening.chat.delivery), "fetch", fail)
    notes: list[Note] = [Fetch([1]), notice("in the same packet")]
    await listening.publish(codec.encode("other", notes))
    await listening.hears("you are there")
    assert listening.anna.client.notices == ["in the same packet", "you are there"]
    assert INCIDENTS.defects["listener"] == 1


async def test_a_defect_in_listening_is_not_its_end(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the driver raises: it subscribes again, and takes that for a gap."""
    taken = type(listening.cluster.broker)._take

    def fail_once(*args: object) -> None:
        monkeypatch.setattr(type(listening.cluster.broker), "_take", taken)
        raise AttributeError("'NoneType' object has no attribute 'read'")

    monkeypatch.setattr(type(listening.cluster.broker), "_take", fail_once)
    await listening.publish(codec.encode("other", [notice("lost")]))
    await eventually(lambda: INCIDENTS.defects["listener"] == 1)
    await listening.cluster.broker.subscribed()
    await listening.hears("you are there")


async def test_a_defect_in_the_heartbeat_is_not_its_end(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node without one would take its subscription for dead every three seconds."""
    start = listening.cluster.broker._to_myself
    beats = []

    def fail_at_first(packet: bytes) -> None:
        beats.append(packet)
        if len(beats) == 1:
            raise ValueError("a defect")
        start(packet)

    monkeypatch.setattr(listening.cluster.broker, "_to_myself", fail_at_first)
    await eventually(lambda: len(beats) >= 2)
    assert INCIDENTS.defects["heartbeat"] == 1


async def test_a_note_that_cannot_be_encoded_takes_no_other_node_s_with_it(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the node is told that it was not sent."""
    unsent: list[object] = []
    monkeypatch.setattr(type(listening.chat.node), "unsent", lambda _, note: unsent.append(note))
    broker = listening.cluster.broker
    broker.send("other", notice("half of a pair: \ud800"))
    broker.send("another", notice("well"))
    async with listening.redis.pubsub() as heard:
        await heard.subscribe(KEYS.channel("another"))
        await heard.get_message(timeout=1)  # that it has subscribed
        broker.send("other", notice("half of a pair: \ud800"))
        broker.send("another", notice("well"))
        message = await heard.get_message(timeout=5)
    assert codec.decode(message["data"])[1] == [notice("well")]
    assert notice("half of a pair: \ud800") in unsent


async def test_made_up_nodes_fill_nobody_s_memory(listening: Listening) -> None:
    """A session remembers what each node handed to it last."""
    session = listening.anna.session
    to = [(session.user.id, session.claim.session_id, "")]
    for number in range(MOST_ORIGINS + 100):
        message = Message(f"{number:08}", f"c{number}", 2, "bert", 0, "hello", 1795176000123)
        listening.chat.node.receive(f"node{number}", Handed(message, to))
        listening.anna.take_over_all()
    assert 0 < len(session.last_from) <= MOST_ORIGINS
    await asyncio.sleep(0)
