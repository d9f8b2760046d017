"""Connections on which nobody logs in, and how long they may stay."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chat_domain.fairness.limits import Limits
from tests.unit.gateway.server import Peer, Server, settled
from tests.unit.gateway.ticking import ticking

LOGIN, MENU = 30, 150


@pytest.fixture
async def strict() -> AsyncIterator[Server]:
    """A server whose clock is running."""
    async with ticking(Limits(login_seconds=LOGIN, menu_seconds=MENU)) as server:
        yield server


def is_told(peer: Peer) -> bool:
    return peer.is_gone() and peer.heard()[-1]["error"] == "login_timeout"


async def test_who_says_nothing_may_sit_at_a_menu(strict: Server) -> None:
    """They may do so for long while such clients are few."""
    peer = strict.join()
    await asyncio.sleep(MENU - 1)
    assert not peer.is_gone()
    await asyncio.sleep(2)
    assert is_told(peer)
    assert strict.gateway.shared.guard.counters.never_logged_in == 1


async def test_who_dawdles_over_a_frame_may_not(strict: Server) -> None:
    """The time counts from the frame's first byte, however much of it arrives meanwhile."""
    peer = strict.join()
    await asyncio.sleep(100)
    for _ in range(LOGIN - 1):
        peer.link.arrives(b" ")
        await asyncio.sleep(1)
    assert not peer.is_gone()
    await asyncio.sleep(2)
    assert is_told(peer)


async def test_who_has_said_something_whole_has_not_dawdled(strict: Server) -> None:
    """A user who registers and then thinks about it sends complete frames."""
    peer = strict.join()
    for _ in range(2 * LOGIN // 20):
        peer.say({"msgid": 1012})
        await asyncio.sleep(20)
    await settled()
    assert not peer.is_gone()


async def test_who_logs_out_has_as_much_time_again(strict: Server) -> None:
    """The C++ server's client then shows its menu again."""
    peer = await strict.logged_in("Ann")
    await asyncio.sleep(50)
    peer.say({"msgid": 1002})
    await asyncio.sleep(MENU - 1)
    assert not peer.is_gone()
    await asyncio.sleep(2)
    assert is_told(peer)


async def test_what_strangers_send_is_handled_between_what_users_send(strict: Server) -> None:
    """Thousands of strangers can send something at the same moment, each too little to be made to
    wait."""
    user = await strict.logged_in("Ann")
    user.heard()
    strangers = [strict.join() for _ in range(100)]
    for peer in (*strangers, user):
        peer.say({"msgid": 1012})
    await asyncio.sleep(0)  # one turn, in which all answered frames are sent
    assert len(user.heard()) == 1
    assert [peer.heard() for peer in strangers] == [[]] * 100
    await settled()
    assert [len(peer.heard()) for peer in strangers] == [1] * 100
    assert all(peer.link.reading for peer in strangers)
