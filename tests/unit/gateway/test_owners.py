"""Whose name is on a line of the log."""

from typing import Any

import pytest
from structlog.typing import EventDict

from tests.unit.gateway.server import Peer, Server, settled

Lines = list[EventDict]


class Defect(Exception):
    """One of ours."""


def broken(*_: object, **__: object) -> Any:
    raise Defect


async def broken_later(*_: object, **__: object) -> Any:
    raise Defect


def labels(peer: Peer) -> dict[str, object]:
    assert peer.talk.session is not None
    return {"connection": peer.talk.id, **peer.talk.session.labels()}


def owner(line: EventDict) -> dict[str, object]:
    return {name: line[name] for name in ("connection", "session", "user") if name in line}


async def test_a_stranger_s_failure_has_a_connection(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect costs the request, and its line tells whose."""
    monkeypatch.setattr(server.hasher, "hash", broken_later)
    peer = server.join()
    answer = await peer.ask(1003, name="Ann", password="pw")
    assert answer["error"] == "try_again"
    (line,) = lines
    assert (line["event"], line["request"]) == ("request failed", "Register")
    assert owner(line) == {"connection": peer.talk.id}


@pytest.mark.parametrize("broken", [broken, broken_later])
async def test_a_session_s_failure_has_the_session(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    """Whether it happens inside the read or behind it; the connection goes on."""
    ann = await server.logged_in("Ann")
    monkeypatch.setattr(type(server.chat.one_to_one), "send", broken)
    answer = await ann.ask(1005, toid=1, msg="hello")
    assert answer["error"] == "try_again"
    (line,) = lines
    assert owner(line) == labels(ann)
    assert (await ann.ask(1012))["msgid"] == 1013


async def test_a_failure_of_what_is_done_for_many_costs_each_a_request(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line tells of it, which is nobody's."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    (away,) = await server.register("Carl")
    monkeypatch.setattr(server.mailbox, "add", broken_later)
    for peer in (ann, bob):
        peer.say({"msgid": 1005, "toid": away, "msg": "hello", "seq": 7}, {"msgid": 1012, "seq": 8})
    await settled()
    for peer in (ann, bob):
        refusal, pong = (frame for frame in peer.heard() if "seq" in frame)
        assert (refusal["error"], refusal["seq"]) == ("try_again", 7)
        assert (pong["msgid"], pong["seq"]) == (1013, 8)
    (line,) = lines
    assert (line["event"], owner(line)) == ("background task failed", {})


async def test_what_is_begun_for_another_is_the_other_s(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ann's message is stored, so Bob's mailbox is read, in a task that Ann's request begins."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    assert bob.talk.session is not None
    bob.talk.session.fall_back()
    monkeypatch.setattr(server.mailbox, "read", broken_later)
    await ann.ask(1005, toid=2, msg="hello")
    (line,) = lines
    assert line["event"] == "background task failed"
    assert owner(line) == bob.talk.session.labels()


async def test_the_end_of_a_session_is_its_own(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails while it is put away still has its name."""
    ann = await server.logged_in("Ann")
    assert ann.talk.session is not None
    session = ann.talk.session
    monkeypatch.setattr(type(server.chat.logins), "retire", broken_later)
    ann.link.abort()
    await settled()
    _, failed = lines
    assert failed["event"] == "background task failed"
    assert owner(failed) == session.labels()


async def test_who_has_logged_out_is_a_stranger_again(
    server: Server, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes on the connection after it is not the session's."""
    ann = await server.logged_in("Ann")
    await ann.ask(1002)
    monkeypatch.setattr(server.hasher, "hash", broken_later)
    await ann.ask(1003, name="Bob", password="pw")
    assert [owner(line) for line in lines] == [{"connection": ann.talk.id}]
