"""The line that is logged when a connection ends."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import EventDict

from adapters.faults.owner import OWNER
from adapters.gateway.disconnect_log import APART, LINES_AT_ONCE, OTHERS, TOGETHER, DisconnectLog
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.keepalive import DROP_AFTER
from adapters.wire.framing import MAX_CLIENT_FRAME
from chat_domain.fairness.limits import Limits
from chat_domain.fairness.networks import Networks
from chat_domain.log.sessions import MOST_MEMBERSHIPS
from tests.unit.gateway.server import FakeLink, Peer, Server, settled

Lines = list[EventDict]
PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


async def client_closed(server: Server, peer: Peer) -> None:
    peer.handler.input_ended()


async def reset(server: Server, peer: Peer) -> None:
    peer.link.abort()


async def silent(server: Server, peer: Peer) -> None:
    for now in (0.0, DROP_AFTER - 1, DROP_AFTER):
        server.tick(now)


async def not_reading(server: Server, peer: Peer) -> None:
    peer.handler.choked()
    await silent(server, peer)


async def too_fast(server: Server, peer: Peer) -> None:
    while not peer.is_gone():
        peer.say(*[{"msgid": 77}] * 100)
        await asyncio.sleep(1)
        server.tick(asyncio.get_running_loop().time())


async def frame_too_long(server: Server, peer: Peer) -> None:
    peer.link.arrives(b"x" * (MAX_CLIENT_FRAME + 1))


async def moved(server: Server, peer: Peer) -> None:
    server.chat.sessions.memberships = MOST_MEMBERSHIPS  # so that it finds no room
    await server.log.renew()
    await server.chat.follower.poll_head()


async def logged_out(server: Server, peer: Peer) -> None:
    await server.chat.administration.log_out("1")


async def shutting_down(server: Server, peer: Peer) -> None:
    await server.gateway.close()


WAYS = [client_closed, reset, silent, not_reading, too_fast, frame_too_long, moved, logged_out]
WAYS += [shutting_down]


@pytest.mark.parametrize("end", WAYS, ids=lambda end: end.__name__)
async def test_one_line_says_why_a_connection_has_ended(
    lines: Lines, end: Callable[[Server, Peer], Coroutine[Any, Any, None]]
) -> None:
    """It also says who was logged in, however the connection ended."""
    server = Server(Limits(frames_per_second=1))
    peer = await server.logged_in("Ann")
    session = peer.context.session
    assert session is not None
    await end(server, peer)
    await settled()
    (line,) = [line for line in lines if line["event"].startswith("connection")]
    assert (line["log_level"], line["reason"]) == ("info", end.__name__)
    assert (line["session"], line["user"]) == (session.name, 1)


async def test_the_line_says_who_has_lost_their_slot(lines: Lines) -> None:
    """A second client of version 1 has taken the slot over, where the operator permits that."""
    server = Server(second_login_replaces=True)
    old = await server.logged_in("Ann", version=1)
    await server.log_in(1, version=1)
    (line,) = [line for line in lines if line["event"] == "connection closed"]
    assert (line["connection"], line["reason"]) == (old.context.id, "replaced")


async def test_the_line_tells_what_a_connection_was(server: Server, lines: Lines) -> None:
    """It has the address, the duration, and the position up to which the user's entries were
    sent."""
    ann = await server.logged_in("Ann")
    await ann.ask(1005, toid=1, msg="to myself")
    server.clock.advance(12.5)
    ann.link.abort()
    await settled()
    (line,) = lines
    assert line["connection"] == ann.context.id
    del line["connection"], line["session"], line["log_level"]
    assert line == {
        "event": "connection closed",
        "reason": "reset",
        "address": FakeLink.peer,
        "user": 1,
        "version": 2,
        "seconds": 12.5,
        "at": 1,
    }


async def test_who_has_logged_out_has_been_here(server: Server, lines: Lines) -> None:
    """The line names the last session even after its end."""
    ann = await server.logged_in("Ann")
    await ann.ask(1022)
    await ann.ask(1002)
    ann.link.abort()
    await settled()
    assert [line["user"] for line in lines] == [1]


async def test_a_stranger_s_line_has_no_session(lines: Lines) -> None:
    """It has the connection's id, by which its other lines are found."""
    server = Server(Limits(login_seconds=30))
    peer = server.join()
    for now in (0.0, 600.0):
        server.tick(now)
    await settled()
    (line,) = lines
    assert (line["reason"], line["connection"]) == ("login_timeout", peer.context.id)
    assert "session" not in line


async def test_who_is_refused_has_a_line(lines: Lines) -> None:
    """The line has the reason that the link was closed for."""
    server = Server(Limits(connections=1))
    server.join()
    link = FakeLink()
    link.receiver = server.gateway.accept(link)  # type: ignore[assignment]  # turned away
    await settled()
    (line,) = lines
    assert line["reason"] == link.why == "too_many_connections"


def test_a_flood_of_strangers_is_two_lines_a_second(lines: Lines) -> None:
    """They are the first of an address, and the number of those that followed."""
    disconnect_log = DisconnectLog(Networks().name_of)
    for _ in range(1000):
        disconnect_log.log_stranger(DisconnectReason.TOO_MANY_CONNECTIONS, "192.0.2.1")
    disconnect_log.log_stranger(DisconnectReason.RESET, "192.0.2.1")
    disconnect_log.log_stranger(DisconnectReason.TOO_MANY_CONNECTIONS, "192.0.2.2")
    disconnect_log.tick(TOGETHER)
    assert [(line["event"], line["address"], line.get("count")) for line in lines] == [
        ("connection closed", "192.0.2.1", None),
        ("connection closed", "192.0.2.1", None),
        ("connection closed", "192.0.2.2", None),
        ("connections closed", "192.0.2.1", 999),
    ]
    for _ in range(2):
        disconnect_log.log_stranger(DisconnectReason.RESET, "192.0.2.1")
    disconnect_log.tick(1.5 * TOGETHER)
    assert len(lines) == 5
    disconnect_log.tick(2 * TOGETHER)
    disconnect_log.log_stranger(DisconnectReason.RESET, "192.0.2.1")
    assert len(lines) == 7


def test_a_flood_from_everywhere_has_a_bound(lines: Lines) -> None:
    """Beyond a number of addresses in a second, the others are counted together."""
    disconnect_log = DisconnectLog(Networks().name_of)
    for number in range(3 * APART):
        disconnect_log.log_stranger(DisconnectReason.RESET, f"2001:db8:{number:x}::1")
    disconnect_log.tick(TOGETHER)
    assert len(lines) == APART + 1
    assert (lines[-1]["address"], lines[-1]["count"]) == (OTHERS, 2 * APART)


async def test_a_stranger_s_line_is_nobody_else_s(server: Server, lines: Lines) -> None:
    """It has no session, even if the connection ends during somebody's task."""
    ann = await server.logged_in("Ann")
    before = OWNER.set(ann.context)
    for _ in range(2):
        server.gateway.disconnect_log.log_stranger(DisconnectReason.RESET, "192.0.2.1")
    server.gateway.disconnect_log.flush()
    OWNER.reset(before)
    assert len(lines) == 2
    assert not any("session" in line for line in lines)


async def test_the_lines_of_many_that_end_at_once_take_several_turns(
    server: Server, lines: Lines
) -> None:
    """A network may go down. The clock does not write the rest at once. No line is lost when the
    gateway ends meanwhile."""
    ann, disconnect_log = await server.logged_in("Ann"), server.gateway.disconnect_log
    for _ in range(3 * LINES_AT_ONCE):
        disconnect_log.log_client(ann.context, DisconnectReason.UNREACHABLE, 0.0)
    written = []
    for _ in range(2):
        await asyncio.sleep(0)
        disconnect_log.tick(asyncio.get_running_loop().time() + TOGETHER)
        written.append(len(lines))
    disconnect_log.flush()
    assert [*written, len(lines)] == [n * LINES_AT_ONCE for n in (1, 2, 3)]
    await asyncio.sleep(0)
    assert len(lines) == 3 * LINES_AT_ONCE


async def test_the_gateway_tells_who_had_no_line(server: Server, lines: Lines) -> None:
    """The clock logs how many there were, and so does the end of the gateway."""
    clock = asyncio.create_task(server.gateway.run_clock())
    for _ in range(3):
        server.gateway.disconnect_log.log_stranger(DisconnectReason.RESET, "192.0.2.1")
    await asyncio.sleep(2 * TOGETHER)
    clock.cancel()
    for _ in range(5):
        server.gateway.disconnect_log.log_stranger(DisconnectReason.RESET, "192.0.2.1")
    await server.gateway.close()
    assert [line["count"] for line in lines if "count" in line] == [2, 4]


def test_the_page_explains_every_reason() -> None:
    """It explains no reason that does not exist."""
    table = PAGE.read_text("utf-8").partition("\n| reason |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(rows) == sorted(DisconnectReason)


async def test_who_does_not_hang_up_at_the_end_has_a_line_as_well(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Browsers may take longer to close than the gateway waits. The loop may end with it."""
    ann = await server.logged_in("Ann")
    monkeypatch.setattr(ann.link, "close", lambda _: None)
    await server.gateway.close()
    assert [line["reason"] for line in lines if line["event"] == "connection closed"] == [
        DisconnectReason.SHUTTING_DOWN
    ]
