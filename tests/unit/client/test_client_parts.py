"""Small parts of the client: the memory of cids, delays, the inbox, cids, and checks of
requests."""

import asyncio
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.client import codec
from adapters.client.backoff import Backoff
from adapters.client.cids import Cids
from adapters.client.errors import Refused
from adapters.client.events import Connected, Message, Presence
from adapters.client.inbox import Inbox
from adapters.client.recent_cids import RecentCids
from adapters.wire.requests import FindUser, OneChat


def test_the_last_512_cids_of_a_sender_are_remembered() -> None:
    """The 513th pushes the first one out."""
    seen = RecentCids()
    for number in range(512):
        assert seen.is_new(1, str(number))
    assert not seen.is_new(1, "0")
    assert seen.is_new(1, "512")
    assert not seen.is_new(1, "1")
    assert seen.is_new(1, "0")


def test_the_sender_longest_unheard_is_forgotten_first() -> None:
    """The number of senders is bounded too."""
    seen = RecentCids(senders=2)
    seen.is_new(1, "a")
    seen.is_new(2, "a")
    seen.is_new(1, "b")
    seen.is_new(3, "a")
    assert not seen.is_new(1, "a")
    assert seen.is_new(2, "a")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20))))
def test_seen_agrees_with_a_plain_list(messages: list[tuple[int, int]]) -> None:
    """Within the bounds, a message is new exactly once."""
    seen = RecentCids()
    had: set[tuple[int, int]] = set()
    for sender, number in messages:
        assert seen.is_new(sender, str(number)) is ((sender, number) not in had)
        had.add((sender, number))


@given(st.integers())
def test_delays_double_within_their_bounds(seed: int) -> None:
    """Each lies between a half and the whole of 0.2, 0.4, ... up to 30 s."""
    backoff = Backoff(0.2, 30.0, random.Random(seed))
    for attempt in range(2_000):
        full = min(30.0, 0.2 * 2**attempt) if attempt < 20 else 30.0
        assert full / 2 <= backoff.next() <= full
    backoff.reset()
    assert backoff.next() <= 0.2


def message(text: str) -> Message:
    return Message(1, "c", 1, "li", text, 0)


async def test_a_full_inbox_drops_hints_alone() -> None:
    """Presence is a hint. Messages are kept whatever the limit says."""
    inbox = Inbox(1, lambda: None)
    inbox.put(message("a"))
    inbox.put(Presence(1, "li", online=True))
    inbox.put(message("b"))
    inbox.put(Connected())
    inbox.end(ZeroDivisionError())
    assert [await inbox.next() for _ in range(3)] == [message("a"), message("b"), Connected()]
    with pytest.raises(ZeroDivisionError):
        await inbox.next()


async def test_an_inbox_says_when_all_is_read() -> None:
    """The client then fetches what had no room."""
    calls: list[bool] = []
    inbox = Inbox(2, lambda: calls.append(True))
    for text in "ab":
        inbox.put(message(text))
    await inbox.next()
    await inbox.next()
    assert calls == []
    asking = asyncio.ensure_future(inbox.next())
    await asyncio.sleep(0)
    assert calls == [True]
    inbox.put(message("c"))
    assert await asking == message("c")


def test_cids_begin_with_the_time_and_are_known_again() -> None:
    """The time has 13 digits of milliseconds, so that the server's index of cids grows at its
    end."""
    cids = Cids()
    before = time.time_ns() // 1_000_000
    one, two = cids.next(), cids.next()
    assert before <= int(one[:13]) <= time.time_ns() // 1_000_000
    assert one != two
    assert cids.is_ours(one)
    assert not Cids().is_ours(one)
    assert OneChat(toid=1, msg="x", cid=one).cid == one, "the server takes it"


@pytest.mark.parametrize("text", ["", "x" * 4_097, "\ud800"])
def test_a_text_that_no_server_takes_is_refused_at_once(text: str) -> None:
    """Otherwise it would stay in the queue forever, or end the connection."""
    with pytest.raises(Refused, match="bad_field"):
        codec.check_text(text)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=4_096))
def test_a_good_text_makes_one_frame(text: str) -> None:
    """Whatever its characters, the frame has no terminator but its own."""
    codec.check_text(text)
    frame = codec.encode(OneChat(toid=1, msg=text))
    assert frame.count(b"\n") == 1
    assert b"\0" not in frame


@pytest.mark.parametrize(("field", "error"), [("x" * 65_536, "frame_too_long"), ("\udc80", "bad")])
def test_a_request_that_would_end_the_connection_is_refused_here(field: str, error: str) -> None:
    """The server could not answer it."""
    with pytest.raises(Refused, match=error):
        codec.encode(FindUser(name=field))
