"""Few requests of one address are with the store at once, of those that may ask it for much."""

import asyncio
import gc
from typing import Any

import pytest

from adapters.gateway.few_at_once import AT_ONCE
from tests.unit.gateway.server import FakeLink, Peer, Server, settled

HISTORY = {"msgid": 1041, "toid": 1, "seq": 7}


def answered(peer: Peer) -> bool:
    return 1042 in [frame["msgid"] for frame in peer.heard()]


async def test_an_address_has_few_lists_read_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many connections ask, and another address does not wait for them."""
    page, gate, asked = server.log.page, asyncio.Event(), 0

    async def slow_page(*args: Any, **options: Any) -> Any:
        nonlocal asked
        asked += 1
        await gate.wait()
        return await page(*args, **options)

    await server.register("Ann")
    crowd = [await server.log_in(1) for _ in range(AT_ONCE + 3)]
    monkeypatch.setattr(FakeLink, "peer", "192.0.2.9")
    bob = await server.logged_in("Bob")
    monkeypatch.setattr(server.log, "page", slow_page)
    for peer in crowd:
        peer.say(HISTORY)
    await settled()
    assert asked == AT_ONCE
    bob.say(HISTORY)
    await settled()
    assert asked == AT_ONCE + 1
    gate.set()
    await settled()
    assert all(answered(peer) for peer in (*crowd, bob))
    assert len(server.gateway.shared.few_at_once) == 0


async def test_who_is_gone_gives_its_turn_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does whose request fails."""

    async def failing_page(*args: Any, **options: Any) -> Any:
        raise RuntimeError

    ann = await server.logged_in("Ann")
    gone = await server.log_in(1)
    page = server.log.page
    monkeypatch.setattr(server.log, "page", failing_page)
    for _ in range(2 * AT_ONCE):
        assert (await ann.ask(1041, toid=1))["error"] == "try_again"
    gone.say(HISTORY)
    gone.link.abort()
    await settled()
    monkeypatch.setattr(server.log, "page", page)
    assert "entries" in await ann.ask(1041, toid=1)
    assert len(server.gateway.shared.few_at_once) == 0


async def test_what_waits_at_the_end_is_left_undone(
    server: Server, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """It has not begun and will not, and nothing is said of work that was forgotten."""
    asked = 0

    async def endless_page(*args: Any, **options: Any) -> Any:
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()

    await server.register("Ann")
    monkeypatch.setattr(server.log, "page", endless_page)
    for _ in range(AT_ONCE + 1):
        (await server.log_in(1)).say(HISTORY)
    await settled()
    await server.tasks.finish(seconds=0)
    gc.collect()
    assert asked == AT_ONCE
    assert len(server.tasks) == len(server.gateway.shared.few_at_once) == 0
    assert [str(one.message) for one in recwarn] == []
