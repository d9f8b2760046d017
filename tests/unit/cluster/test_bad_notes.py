"""Somebody who can publish in Redis can tell a node anything. The node listens and goes on."""

import asyncio
from collections.abc import Iterator
from typing import Self

import pytest
from msgspec import Raw
from structlog.testing import capture_logs
from structlog.typing import EventDict

from adapters.faults.incidents import INCIDENTS
from adapters.redis import broker, codec
from chat_domain.notes import Note, Notice, Replaced
from tests.contract.places import KEYS, RedisPlace
from tests.eventually import eventually
from tests.unit.cluster.conftest import NewPlace

FIVE_BYTES = b"\x93\x02\xa1\xff\x90"
BAD = [FIVE_BYTES, b"\xc1", b"", b"not a packet", b"\x93" + b"\x91" * 60_000]


def notice(text: str) -> Notice:
    return Notice(text)


def packet(*some: Note) -> bytes:
    encoded = [part for note in some for part in codec.encode(note)]
    return b"".join(codec.packets("other", encoded))


async def publish(place: RedisPlace, *packets: bytes) -> None:
    for packet in packets:
        assert await place.redis.publish(KEYS.everybody, packet)


async def hears(place: RedisPlace, text: str) -> None:
    """Check that something published now arrives."""
    await publish(place, packet(notice(text)))
    await eventually(lambda: text in place.node.notices)


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[EventDict]]:
    """What is logged."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed soon."""
    monkeypatch.setattr(broker, "HEARTBEAT", 0.02)
    monkeypatch.setattr(broker, "SILENCE", 0.2)
    monkeypatch.setattr(broker, "RETRY_AFTER", 0.1)


@pytest.mark.parametrize("bad", BAD)
async def test_a_malformed_packet_does_not_end_the_listening(place: RedisPlace, bad: bytes) -> None:
    await publish(place, bad)
    await hears(place, "you are there")
    assert INCIDENTS.malformed["redis"] == 1


async def test_malformed_packets_are_counted_and_told_once(
    place: RedisPlace, lines: list[EventDict]
) -> None:
    """There is one line, however many come, without their content."""
    await publish(place, *[FIVE_BYTES] * 500)
    await hears(place, "you are there")
    assert INCIDENTS.malformed["redis"] == 500
    (line,) = [line for line in lines if line["event"] == "malformed input"]
    assert (line["source"], line["what"], line["why"]) == ("redis", "packet", "UnicodeDecodeError")


async def test_between_two_packets_the_event_loop_goes_round(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does even if many have arrived: clients wait for one of them, not for all."""
    order: list[str] = []

    class Arrived:
        """A subscription whose packets have all arrived; then it breaks."""

        async def get_message(self, **_: object) -> dict[str, object]:
            order.append("packet")
            if len(order) >= 20:
                raise OSError("it broke")
            asyncio.get_running_loop().call_soon(order.append, "others")
            return {"type": "message", "data": codec.heartbeat("other")}

        async def subscribe(self, *_: str) -> None:
            """Nothing to do."""

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            """Nothing to close."""

    monkeypatch.setattr(place.cluster.broker._client, "pubsub", Arrived)
    with pytest.raises(OSError, match="it broke"):
        await place.cluster.broker._listen_once(place.node.node)
    assert order == ["packet", "others"] * 10 + ["packet"]


async def test_between_the_notes_of_a_packet_the_event_loop_goes_round(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does once decoding and handling have taken long enough: a thousand can be expensive."""
    monkeypatch.setattr(broker, "TURN", 0.0)
    turns = 0

    def count() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(count)

    node = place.node.node
    monkeypatch.setattr(type(node), "receive", lambda *_: at.append(turns))
    at: list[int] = []
    count()
    began = turns
    await place.cluster.broker._receive(node, packet(*[notice("one of many")] * 5))
    assert at == list(range(began + 5, began + 10))


async def test_a_packet_with_one_bad_note_counts_for_nothing(place: RedisPlace) -> None:
    """This holds although its notes are read one after the other."""
    good, bad = codec.encode(notice("good")), (5, Raw(b"\x91\xc0"))
    await publish(place, *codec.packets("other", [*good, bad]))
    await hears(place, "you are there")
    assert place.node.notices == ["you are there"]
    assert INCIDENTS.malformed["redis"] == 1


async def test_a_note_that_meets_a_defect_takes_no_other_with_it(place: RedisPlace) -> None:
    """Neither the others in its packet nor later ones are affected."""
    place.node.fails_at = Replaced(15, "session")
    await publish(place, packet(place.node.fails_at, notice("in the same packet")))
    await hears(place, "you are there")
    assert place.node.notices == ["in the same packet", "you are there"]
    assert INCIDENTS.defects["listener"] == 1


async def test_a_defect_in_listening_is_not_its_end(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the driver raises, the node subscribes again, and assumes a gap."""
    taken = type(place.cluster.broker)._take

    def fail_once(*args: object) -> None:
        monkeypatch.setattr(type(place.cluster.broker), "_take", taken)
        raise AttributeError("'NoneType' object has no attribute 'read'")

    gaps = place.node.gaps
    monkeypatch.setattr(type(place.cluster.broker), "_take", fail_once)
    await publish(place, packet(notice("lost")))
    await eventually(lambda: INCIDENTS.defects["listener"] == 1)
    assert not place.cluster.broker.is_receiving()
    await place.cluster.broker.subscribed()
    await hears(place, "you are there")
    assert place.node.gaps > gaps


async def test_a_defect_in_the_heartbeat_is_not_its_end(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node without one would take its subscription for dead every three seconds."""
    send = place.cluster.broker._send
    beats = []

    def fail_at_first(packet: bytes) -> None:
        beats.append(packet)
        if len(beats) == 1:
            raise ValueError("a defect")
        send(packet)

    monkeypatch.setattr(place.cluster.broker, "_send", fail_at_first)
    await eventually(lambda: len(beats) >= 2)
    assert INCIDENTS.defects["heartbeat"] == 1


async def test_a_note_that_cannot_be_encoded_takes_no_other_with_it(
    place: RedisPlace, new_place: NewPlace
) -> None:
    """Others that are sent in the same turn arrive."""
    other = await new_place()
    await other.join()
    for text in ("before", "half of a pair: \ud800", "behind"):
        place.surroundings.broker.broadcast(notice(text))
    await eventually(lambda: len(other.node.notices) >= 2)
    assert other.node.notices == ["before", "behind"]
    assert INCIDENTS.defects["listener"] == 1


async def test_a_node_that_does_not_receive_its_own_packets_subscribes_anew(
    hasty: None, new_place: NewPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does so even if it receives those of others, as at a Redis that another has replaced: its
    own go to the new one. Until it receives its own, it does not rely on what it receives."""
    place = await new_place()
    await place.join()
    await eventually(lambda: place.node.gaps == 2)  # on each of two channels
    receiving = set()
    with monkeypatch.context() as patch:
        patch.setattr(place.cluster.broker, "_send", lambda _: None)
        while place.node.gaps == 2:
            await place.redis.publish(KEYS.everybody, codec.heartbeat("other"))
            receiving.add(place.cluster.broker.is_receiving())
            await asyncio.sleep(0.01)
    assert receiving == {True, False}
    await hears(place, "you are there")


async def test_a_node_that_receives_its_own_packets_stays_subscribed(
    hasty: None, new_place: NewPlace
) -> None:
    """This holds however little the others say."""
    place = await new_place()
    await place.join()
    await eventually(lambda: place.node.gaps == 2)  # on each of two channels
    await asyncio.sleep(3 * broker.SILENCE)
    assert place.node.gaps == 2
    assert place.cluster.broker.is_receiving()
