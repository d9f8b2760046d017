"""Which connection, session and user a line of the log names."""

from typing import Any

import pytest
from structlog.typing import EventDict

from adapters.faults.incidents import INCIDENTS
from tests.unit.gateway.server import Peer, Server, settled

Lines = list[EventDict]


class Defect(Exception):
    """A programming error."""


def broken(*_: object, **__: object) -> Any:
    raise Defect


async def broken_later(*_: object, **__: object) -> Any:
    raise Defect


def labels(peer: Peer) -> dict[str, object]:
    assert peer.context.session is not None
    return {"connection": peer.context.id, **peer.context.session.labels()}


def owner(line: EventDict) -> dict[str, object]:
    return {name: line[name] for name in ("connection", "session", "user") if name in line}


async def test_a_stranger_s_failure_has_a_connection(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect costs one request, and its line names the connection."""
    monkeypatch.setattr(server.hasher, "hash", broken_later)
    peer = server.join()
    answer = await peer.ask(1003, name="Ann", password="pw")
    assert answer["error"] == "try_again"
    (line,) = lines
    assert (line["event"], line["request"]) == ("request failed", "Register")
    assert INCIDENTS.defects["requests"] == 1
    assert owner(line) == {"connection": peer.context.id}


@pytest.mark.parametrize("broken", [broken, broken_later])
async def test_a_session_s_failure_has_the_session(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    """The failure may happen inside the read or after it, and the connection goes on."""
    ann = await server.logged_in("Ann")
    monkeypatch.setattr(type(server.chat.one_to_one), "send", broken)
    answer = await ann.ask(1005, toid=1, msg="hello")
    assert answer["error"] == "try_again"
    (line,) = lines
    assert owner(line) == labels(ann)
    assert INCIDENTS.defects["requests"] == 1
    assert (await ann.ask(1012))["msgid"] == 1013


async def test_what_is_read_for_a_session_is_its_own(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line names that session, even if another one's request or the clock started the read."""
    ann = await server.logged_in("Ann")
    monkeypatch.setattr(type(server.chat.offline), "read_some", broken_later)
    ann.handler.choked()
    bob = await server.logged_in("Bob")
    await bob.ask(1005, toid=1, msg="hello")
    ann.handler.unchoked()
    await settled()
    (line,) = lines
    assert line["event"] == "background task failed"
    assert ann.context.session is not None
    assert owner(line) == ann.context.session.labels()


async def test_what_is_written_behind_is_nobody_s(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node writes for many users at once."""
    ann = await server.logged_in("Ann")
    await ann.ask(1005, toid=1, msg="to myself")
    ann.say({"msgid": 1014, "at": 1})
    monkeypatch.setattr(server.log, "mark", broken_later)
    server.passes(1)
    await settled()
    (line,) = lines
    assert (line["event"], owner(line)) == ("background task failed", {})


async def test_the_end_of_a_session_is_its_own(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails while the session is being ended still has its name."""
    ann = await server.logged_in("Ann")
    assert ann.context.session is not None
    session = ann.context.session
    monkeypatch.setattr(type(server.chat.logins), "end", broken_later)
    ann.link.abort()
    await settled()
    _, failed = lines
    assert failed["event"] == "background task failed"
    assert owner(failed) == session.labels()


async def test_who_has_logged_out_is_a_stranger_again(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes on the connection afterwards does not belong to the session."""
    ann = await server.logged_in("Ann")
    await ann.ask(1002)
    monkeypatch.setattr(server.hasher, "hash", broken_later)
    await ann.ask(1003, name="Bob", password="pw")
    assert [owner(line) for line in lines] == [{"connection": ann.context.id}]
