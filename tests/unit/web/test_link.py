"""A WebSocket between a browser and a conversation."""

import asyncio
import json

import pytest
from websockets.frames import Frame, Opcode

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.unsent import HIGH_WATER
from adapters.tcp.connection import LEAVES_WITHIN
from adapters.web.link import CLOSES_WITHIN, WebLink
from tests.unit.gateway.server import settled
from tests.unit.web.browser import Browser, Site

CLOSE = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)
PING = b'{"msgid":1012,"seq":%d}'

CODES = {
    DisconnectReason.SHUTTING_DOWN: 1001,
    DisconnectReason.MOVED: 1001,
    DisconnectReason.TOO_FAST: 1008,
    DisconnectReason.LOGIN_TIMEOUT: 1008,
    DisconnectReason.TOO_OLD: 1008,
    DisconnectReason.FRAME_TOO_LONG: 1009,
    DisconnectReason.SERVER_ERROR: 1011,
    DisconnectReason.TOO_MANY_CONNECTIONS: 1013,
    DisconnectReason.LOGGED_OUT: 4001,
}


async def opened(site: Site | None = None) -> tuple[Browser, WebLink]:
    browser = (site or Site()).browser()
    await browser.opens()
    link = browser.transport.protocol
    assert isinstance(link, WebLink)
    return browser, link


@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536, 131_072])
async def test_what_the_server_says_arrives(size: int) -> None:
    """Frames of any length arrive, several of them in one write."""
    browser, link = await opened()
    frames = [b"x" * size, b"y" * size]
    for frame in frames:
        link.write(frame)
    await settled()
    assert browser.hears() == frames


@pytest.mark.parametrize(("why", "code"), CODES.items())
async def test_each_disconnect_reason_has_a_code(why: DisconnectReason, code: int) -> None:
    """The reason's name is in the CLOSE frame. What was written before it arrives before it."""
    browser, link = await opened()
    link.write(b"{}")
    link.close(why)
    assert browser.hears() == [b"{}"]
    assert browser.close_code == code
    assert why.encode() in browser.transport.written


async def test_a_browser_that_has_read_it_says_so() -> None:
    """Then the server closes the connection. It ignores what the browser has sent meanwhile."""
    browser, link = await opened()
    link.close(DisconnectReason.TOO_FAST)
    await browser.says(PING % 1)
    assert not browser.transport.closed
    browser.sends(CLOSE)
    assert browser.transport.closed
    assert browser.hears() == []


async def test_who_does_not_say_so_is_not_waited_for() -> None:
    """The server closes the connection after a while."""
    browser, link = await opened()
    link.close(DisconnectReason.TOO_FAST)
    await asyncio.sleep(CLOSES_WITHIN + 0.1)
    assert browser.transport.closed


@pytest.mark.parametrize("why", [DisconnectReason.TOO_FAST, DisconnectReason.CLIENT_CLOSED])
async def test_who_does_not_take_the_last_words_is_cut(why: DisconnectReason) -> None:
    """Otherwise a client that reads a byte now and then would keep a place forever."""
    browser, link = await opened()
    browser.transport.stuck = True
    link.write(b"{}")
    link.close(why)
    await asyncio.sleep(LEAVES_WITHIN - 0.1)
    assert not browser.transport.aborted
    await asyncio.sleep(CLOSES_WITHIN + 0.2)
    assert browser.transport.aborted


async def test_nothing_is_said_behind_the_end() -> None:
    """A browser would take it for a broken connection."""
    browser, link = await opened()
    link.close(DisconnectReason.SHUTTING_DOWN)
    before = browser.transport.written
    link.write(b"late")
    link.close(DisconnectReason.TOO_FAST)
    await settled()
    assert browser.transport.written == before


async def test_who_closes_is_answered_first() -> None:
    """Requests before the CLOSE are answered, even if that takes a while. Then the server closes
    with 1000."""
    site = Site()
    (user_id,) = await site.server.register("Ann")
    browser, _ = await opened(site)
    site.server.hasher.gate.clear()
    login = {"msgid": 1000, "id": user_id, "password": "pw", "v": 2}
    browser.sends(Frame(Opcode.TEXT, json.dumps(login).encode()).serialize(mask=True) + CLOSE)
    await settled()
    assert browser.close_code == 0
    site.server.hasher.gate.set()
    await settled()
    (answer,) = browser.hears()
    assert json.loads(answer)["errno"] == 0
    assert (browser.close_code, browser.transport.closed) == (1000, True)


async def test_who_does_not_read_what_its_pings_are_answered_is_held_up() -> None:
    """This lasts until the client reads: the PONGs wait in memory like everything else that is
    sent."""
    site = Site()
    browser, _ = await opened(site)
    (conversation,) = site.server.gateway
    browser.transport.stuck = True
    ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True)
    for _ in range(HIGH_WATER // (2 + 125)):
        browser.sends(ping)
        await settled()  # let others have their turn now and then
    assert conversation.held_up() is None
    browser.sends(ping)
    await settled()
    assert conversation.held_up() is DisconnectReason.NOT_READING
    browser.transport.unstick()
    assert conversation.held_up() is None


async def test_whoever_is_held_up_by_answers_to_pings_is_not_read_from() -> None:
    """The server stops reading even if the PINGs arrived together, with nothing behind them."""
    browser, link = await opened()
    browser.transport.stuck = True
    link.write(b"x" * (HIGH_WATER - 100))
    browser.sends(Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 9)
    await settled()
    assert browser.transport.paused
    browser.transport.unstick()
    await settled()
    assert not browser.transport.paused


async def test_what_came_with_the_handshake_is_heard() -> None:
    """Some clients do not wait for the answer."""
    browser = Site().browser()
    handshake = (
        b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    browser.sends(handshake + Frame(Opcode.TEXT, PING % 7).serialize(mask=True))
    await settled()
    assert b'"msgid":1013,"seq":7' in browser.transport.written


async def test_what_came_before_a_bad_frame_is_handled() -> None:
    """Then the connection ends."""
    site = Site()
    (user_id,) = await site.server.register("Ann")
    browser, _ = await opened(site)
    login = {"msgid": 1000, "id": user_id, "password": "pw", "v": 2}
    await browser.says(json.dumps(login).encode())
    await browser.says(PING % 1)
    good = Frame(Opcode.TEXT, PING % 2).serialize(mask=True)
    browser.sends(good + Frame(Opcode.BINARY, b"{}").serialize(mask=True))
    assert [json.loads(frame).get("seq") for frame in browser.hears()][-3:] == [1, 2, None]
    assert browser.close_code == 1003


async def test_nothing_that_arrives_ends_the_wait_for_an_answer() -> None:
    """With TLS, a link may get a read of which nothing is left. What cannot be read behind a
    request ends the connection once that is answered."""
    site = Site()
    (user_id,) = await site.server.register("Ann")
    browser, _ = await opened(site)
    login = {"msgid": 1000, "id": user_id, "password": "pw", "v": 2}
    await browser.says(json.dumps(login).encode())
    site.server.failing_friends.gate.clear()
    list_friends = Frame(Opcode.TEXT, b'{"msgid":1022,"seq":9}').serialize(mask=True)
    browser.sends(list_friends + Frame(Opcode.BINARY, b"{}").serialize(mask=True))
    await settled()
    browser.transport.protocol.data_received(b"")
    await settled()
    assert browser.close_code == 0
    site.server.failing_friends.gate.set()
    await settled()
    assert 9 in [json.loads(frame).get("seq") for frame in browser.hears()]
    assert browser.close_code == 1003


async def test_many_parts_in_one_read_wait_for_their_turn() -> None:
    """A user can send very many at the same moment, of two bytes and a mask each. A message in few
    parts is handled when it arrives."""
    site = Site()
    (user_id,) = await site.server.register("Ann")
    browser, link = await opened(site)
    await browser.says(
        json.dumps({"msgid": 1000, "id": user_id, "password": "pw", "v": 2}).encode()
    )
    for seq, parts in ((1, 0), (2, 100)):
        part = Frame(Opcode.CONT, b"", fin=False).serialize(mask=True)
        begun = Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True)
        ended = Frame(Opcode.CONT, PING % seq).serialize(mask=True)
        browser.sends(begun + part * parts + ended)
        assert link.incoming.is_empty() is not bool(parts)
        await settled()
        assert json.loads(browser.hears()[-1])["seq"] == seq
