"""Clients that send more than they may: pauses, and the end of those that go on."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from chat_domain.fairness.limits import Limits
from chat_domain.fairness.meter import (
    BURST,
    FLOOD_SECONDS,
    QUANTUM_FRAMES,
    STORE_WEIGHT,
    STRAY_WEIGHT,
)
from tests.unit.gateway.server import Peer, Server, settled
from tests.unit.gateway.ticking import ticking

PER_SECOND = 100
AT_ONCE = BURST * PER_SECOND


@pytest.fixture
async def strict() -> AsyncIterator[Server]:
    """A server with limits, whose clock is running."""
    async with ticking(Limits(frames_per_second=PER_SECOND, bytes_per_second=1_000_000)) as server:
        yield server


def chats(peer: Peer, count: int, first: int = 0) -> None:
    """Send chats that are answered at once, for no user has this id."""
    chat = {"msgid": 1005, "toid": 0, "msg": "x"}
    peer.say(*({**chat, "seq": first + number} for number in range(count)))


def seqs(peer: Peer) -> list[int]:
    return [frame["seq"] for frame in peer.heard() if "seq" in frame]


async def test_a_burst_is_answered_at_once(strict: Server) -> None:
    """A client may be fast for a while."""
    peer = await strict.logged_in("Ann")
    peer.heard()
    chats(peer, AT_ONCE)
    await settled()
    assert seqs(peer) == list(range(AT_ONCE))


async def test_who_exceeds_waits_and_loses_nothing(strict: Server) -> None:
    """Everything is answered, in order and at the rate, and no pause is longer than 2 s."""
    loop, peer = asyncio.get_running_loop(), await strict.logged_in("Ann")
    peer.heard()
    del peer.link.times[:]
    begun = loop.time()
    chats(peer, AT_ONCE + 10 * PER_SECOND)
    await asyncio.sleep(20)
    assert seqs(peer) == list(range(AT_ONCE + 10 * PER_SECOND))
    times = [begun, *peer.link.times]
    assert max(later - sooner for sooner, later in itertools.pairwise(times)) <= 2
    assert 9 <= peer.link.times[-1] - begun <= 13
    assert peer.link.reading
    assert strict.gateway.shared.guard.counters.reading_paused > 0
    assert strict.gateway.shared.guard.counters.too_fast_cut == 0


async def test_who_awaits_each_answer_is_no_exception(strict: Server) -> None:
    """It sends one request at a time, each of which has to wait for the store."""
    ann = await strict.logged_in("Ann")
    for _ in range(AT_ONCE // STORE_WEIGHT + QUANTUM_FRAMES):
        ann.say({"msgid": 1022})
        await settled()
    assert strict.gateway.shared.guard.counters.reading_paused > 0
    await asyncio.sleep(10)
    assert ann.link.reading


async def test_reading_pauses_meanwhile(strict: Server) -> None:
    """What else it sends waits on the client's side."""
    peer = await strict.logged_in("Ann")
    chats(peer, 2 * AT_ONCE)
    await settled()
    assert not peer.link.reading


@pytest.mark.parametrize("seconds_of_silence", [3, FLOOD_SECONDS + 5])
async def test_who_was_too_fast_once_goes_on_after_a_pause(
    strict: Server, seconds_of_silence: float
) -> None:
    """Nothing is charged for a pause itself."""
    ann = await strict.logged_in("Ann")
    await ann.ask(1012)
    ann.link.arrives(b"\n" * (AT_ONCE + PER_SECOND))
    await settled()
    assert not ann.link.reading
    await asyncio.sleep(seconds_of_silence)
    begun = asyncio.get_running_loop().time()
    ann.say({"msgid": 1012, "seq": 7})
    while 7 not in seqs(ann):
        await asyncio.sleep(0.1)
        assert asyncio.get_running_loop().time() - begun < 2


async def test_who_goes_on_is_cut(strict: Server) -> None:
    """It is told why. Another client at its address is not cut."""
    peer, other = await strict.logged_in("Ann"), await strict.logged_in("Bob")
    other.heard()
    seconds = 0
    while not peer.is_gone():
        chats(peer, 5 * PER_SECOND)
        await asyncio.sleep(1)
        seconds += 1
        assert seconds < 2 * FLOOD_SECONDS
    assert seconds > FLOOD_SECONDS
    assert peer.heard()[-1]["error"] == "too_fast"
    assert strict.gateway.shared.guard.counters.too_fast_cut == 1
    chats(other, 1, first=7)
    await settled()
    assert seqs(other) == [7]


async def test_who_slows_down_is_not(strict: Server) -> None:
    """A client may be too fast for a moment as often as it likes."""
    peer = await strict.logged_in("Ann")
    for _ in range(10):
        chats(peer, AT_ONCE + PER_SECOND)
        await asyncio.sleep(30)
    assert not peer.is_gone()


@pytest.mark.parametrize("sign", [{"msgid": 1012}, {"msgid": 1013}, {"msgid": 1014, "at": 0}])
async def test_signs_of_life_do_not_count(strict: Server, sign: dict[str, int]) -> None:
    """PING, PONG and TAKEN do not count, even ten times as many as would be too much of other
    frames."""
    peer = await strict.logged_in("Ann")
    for _ in range(10):
        peer.say(*[sign] * 10 * PER_SECOND)
        await asyncio.sleep(1)
    assert strict.gateway.shared.guard.counters.reading_paused == 0
    assert not peer.is_gone()


@pytest.mark.parametrize(
    "nothing",
    [
        b"\n",
        b"\0",
        b" ",
        b"x\n",
        b"{}\n",
        b"[" * 10_000 + b"\n",
        b"\n" * QUANTUM_FRAMES + b'{"msgid":1013}\n',
    ],
    ids=["newlines", "NULs", "drips", "noise", "bad frames", "deep ones", "much before a PONG"],
)
async def test_nothing_is_free(strict: Server, nothing: bytes) -> None:
    """Everything that keeps the server busy counts, in tiny pieces and in large ones."""
    drips, flood = await strict.logged_in("Ann"), await strict.logged_in("Bob")
    for _ in range(AT_ONCE + PER_SECOND):
        drips.link.arrives(nothing)
        await asyncio.sleep(0)
    assert not drips.link.reading
    if nothing != b" ":  # many of those at once are no work
        flood.link.arrives(nothing * (AT_ONCE + PER_SECOND))
        await settled()
        assert not flood.link.reading


@pytest.mark.parametrize(("frame", "reading"), [(b'{"msgid":1013}', True), (b"[", False)])
async def test_what_is_no_request_weighs_more(
    strict: Server, frame: bytes, *, reading: bool
) -> None:
    """The server looks at it twice, and it may be made to take long."""
    peer = await strict.logged_in("Ann")
    for _ in range(3 * PER_SECOND):
        peer.link.arrives(frame + b" " * 10_000 + b"\n")
    await settled()
    assert peer.link.reading is reading


@pytest.mark.parametrize(
    ("frame", "weight"),
    [({"msgid": 1012}, 1), ({"msgid": 1022}, STRAY_WEIGHT), ({}, 1)],
    ids=["PING", "what only users may have", "what is no request"],
)
async def test_who_is_nobody_may_do_a_tenth(
    strict: Server, frame: dict[str, int], weight: int
) -> None:
    """Of requests that need a login, they may send a tenth of that."""
    peer, slow = strict.join(), strict.join()
    for _ in range((AT_ONCE // 10 + QUANTUM_FRAMES) // weight):
        peer.say(frame)
        await settled()
    for _ in range(AT_ONCE // 10 // weight // 2):
        slow.say(frame)
        await settled()
    await asyncio.sleep(0.01)
    assert not peer.link.reading
    assert slow.link.reading


async def test_who_logs_in_is_somebody_from_then_on(strict: Server) -> None:
    """After a logout, the lower limits apply again."""
    ann = await strict.logged_in("Ann")
    chats(ann, AT_ONCE // 2)
    await asyncio.sleep(0.1)
    assert ann.link.reading
    ann.say({"msgid": 1002})
    await settled()
    said = 0
    while ann.link.reading:
        chats(ann, 10)
        said += 10
        await settled()
    assert said < AT_ONCE // 10
