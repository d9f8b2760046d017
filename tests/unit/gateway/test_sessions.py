"""A session goes on over many connections, by one token after the other."""

from typing import Any

import pytest

from chat_domain.people.tokens import ROTATED_AFTER_MS
from tests.unit.gateway.server import Peer, Server, settled

LOGIN, LOGOUT, RESUME, REPLACED, CHANGE_PASSWORD = 1000, 1002, 1015, 1016, 1029
SESSIONS, END_SESSION = 1031, 1033

Frame = dict[str, Any]


async def logged_in(server: Server) -> tuple[Peer, Frame]:
    """Ann, and what she was answered."""
    ann = await server.logged_in("Ann")
    (answer,) = ann.heard()
    return ann, answer


async def resumed(server: Server, token: str) -> tuple[Peer, Frame]:
    peer = server.join()
    return peer, await peer.ask(RESUME, token=token)


async def sessions(peer: Peer) -> list[Frame]:
    found: list[Frame] = (await peer.ask(SESSIONS))["sessions"]
    return found


async def test_a_session_has_one_name(server: Server) -> None:
    """The login's answer tells it, SESSIONS lists it, and it stays the same over a RESUME."""
    ann, answer = await logged_in(server)
    (listed,) = await sessions(ann)
    assert (listed["session"], listed["current"]) == (answer["session"], True)
    assert listed["expires"] == answer["expires"]
    again, second = await resumed(server, answer["token"])
    assert second["session"] == answer["session"]
    assert await sessions(again) == [listed]


async def test_a_session_is_ended_by_the_name_that_its_login_told(server: Server) -> None:
    """Of those that were broken off; its token is worth nothing then."""
    ann, answer = await logged_in(server)
    ann.link.abort()
    await settled()
    server.clock.advance(1)
    again = server.join()
    await again.ask(LOGIN, id=1, password="pw", v=2)
    assert [one["current"] for one in await sessions(again)] == [True, False]
    assert (await again.ask(END_SESSION, session=answer["session"]))["msgid"] == 1010
    assert [one["current"] for one in await sessions(again)] == [True]
    assert (await again.ask(END_SESSION, session=answer["session"]))["error"] == "no_such_session"
    _, refusal = await resumed(server, answer["token"])
    assert refusal["error"] == "bad_token"


async def test_to_end_the_current_session_is_a_logout(server: Server) -> None:
    """The connection goes on without, and the token is worth nothing."""
    ann, answer = await logged_in(server)
    assert (await ann.ask(END_SESSION, session=answer["session"]))["msgid"] == 1010
    assert (await ann.ask(SESSIONS))["error"] == "not_logged_in"
    assert (await ann.ask(RESUME, token=answer["token"]))["error"] == "bad_token"


async def test_a_new_password_leaves_the_session_its_name(server: Server) -> None:
    """And ends all others."""
    ann, first = await logged_in(server)
    ann.link.abort()
    await settled()
    again = server.join()
    answer = await again.ask(LOGIN, id=1, password="pw", v=2)
    changed = await again.ask(CHANGE_PASSWORD, old="pw", new="better")
    (listed,) = await sessions(again)
    assert (listed["session"], listed["current"]) == (answer["session"], True)
    third, resumption = await resumed(server, changed["token"])
    assert resumption["session"] == answer["session"]
    assert again.is_gone()
    for token in (first["token"], answer["token"]):
        _, refusal = await resumed(server, token)
        assert refusal["error"] == "bad_token"
    assert not third.is_gone()


async def test_a_connection_that_breaks_before_the_answer_costs_nothing(server: Server) -> None:
    """The token before is good until the new one has been used."""
    ann, first = await logged_in(server)
    server.clock.ms += ROTATED_AFTER_MS
    _, unread = await resumed(server, first["token"])
    _, read = await resumed(server, first["token"])
    assert len({first["token"], unread["token"], read["token"]}) == 3
    assert read["expires"] == first["expires"] + ROTATED_AFTER_MS
    peer, answer = await resumed(server, read["token"])
    assert (answer["errno"], answer["token"]) == (0, read["token"])
    assert ann.is_gone()
    assert [one["current"] for one in await sessions(peer)] == [True]


async def test_a_token_that_comes_again_ends_the_session(server: Server) -> None:
    """When a later one was used: whoever goes on by that is hung up on, and cannot come back."""
    _, first = await logged_in(server)
    server.clock.ms += ROTATED_AFTER_MS
    _, second = await resumed(server, first["token"])
    peer, _ = await resumed(server, second["token"])
    _, refusal = await resumed(server, first["token"])
    assert refusal["error"] == "bad_token"
    await settled()
    assert peer.is_gone()
    assert peer.link.why == "logged_out"
    _, refusal = await resumed(server, second["token"])
    assert refusal["error"] == "bad_token"
    owner = server.join()
    assert (await owner.ask(LOGIN, id=1, password="pw", v=2))["errno"] == 0


async def test_a_logout_ends_the_token_that_was_given_last_as_well(server: Server) -> None:
    """Whether it was used or not."""
    _, first = await logged_in(server)
    server.clock.ms += ROTATED_AFTER_MS
    peer, second = await resumed(server, first["token"])
    await peer.ask(LOGOUT)
    for token in (first["token"], second["token"]):
        _, refusal = await resumed(server, token)
        assert refusal["error"] == "bad_token"


async def test_the_owner_takes_over_from_a_thief(server: Server) -> None:
    """Who has the password need not wait for who has a token; that is worth nothing then."""
    ann, answer = await logged_in(server)
    ann.link.abort()
    await settled()
    thief, _ = await resumed(server, answer["token"])
    owner = server.join()
    login = {"id": 1, "password": "pw", "v": 2}
    assert (await owner.ask(LOGIN, **login))["error"] == "already_online"
    assert (await owner.ask(LOGIN, **login, takeover=False))["error"] == "already_online"
    assert (await owner.ask(LOGIN, **login, takeover=True))["errno"] == 0
    assert [frame["msgid"] for frame in thief.heard()] == [REPLACED]
    assert thief.is_gone()
    _, refusal = await resumed(server, answer["token"])
    assert refusal["error"] == "bad_token"
    assert [one["current"] for one in await sessions(owner)] == [True]


async def test_nobody_takes_over_without_the_password(server: Server) -> None:
    """Nor by a RESUME that asks for it."""
    ann, answer = await logged_in(server)
    other = server.join()
    refusal = await other.ask(LOGIN, id=1, password="no", v=2, takeover=True)
    assert refusal["error"] == "bad_credentials"
    await ann.ask(LOGOUT)
    await ann.ask(LOGIN, id=1, password="pw", v=2)
    refusal = await other.ask(RESUME, token=answer["token"], takeover=True)
    assert refusal["error"] == "bad_token"
    assert not ann.is_gone()


@pytest.mark.parametrize("end", [b"\n", b"\0"])
async def test_version_1_is_refused_as_ever(server: Server, end: bytes) -> None:
    """It knows no `takeover`, and is taken over from without a word."""
    old = await server.logged_in("Ann", version=1, end=end)
    old.heard()
    second = server.join(end)
    second.say({"msgid": LOGIN, "id": 1, "password": "pw", "takeover": True})
    await settled()
    (refusal,) = second.heard()
    assert refusal["errno"] == 2
    new = server.join()
    assert (await new.ask(LOGIN, id=1, password="pw", v=2, takeover=True))["errno"] == 0
    assert old.heard() == []
    assert old.is_gone()
