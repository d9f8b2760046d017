"""Credentials that are withdrawn during a login let nobody in."""

import asyncio
from typing import Any

import pytest

from adapters.sql.tokens import SqlTokens
from chat_domain.model import KeptToken
from chat_domain.people.tokens import ROTATED_AFTER_MS
from tests.unit.gateway.server import Peer, Server, settled

LOGIN, RESUME, CHANGE_PASSWORD = 1000, 1015, 1029
WHO = {"id": 1, "password": "pw"}


def says(peer: Peer, msgid: int, **fields: Any) -> None:
    peer.say({"msgid": msgid, "seq": 99, **fields})


def answer(peer: Peer) -> dict[str, Any]:
    (found,) = [frame for frame in peer.heard() if frame.get("seq") == 99]
    return found


async def set_password(server: Server) -> None:
    await server.chat.administration.set_password("Ann", "new")


async def disable(server: Server) -> None:
    await server.chat.administration.disable("Ann")


async def delete(server: Server) -> None:
    await server.chat.administration.delete("Ann")


@pytest.mark.parametrize("change", [set_password, disable, delete])
@pytest.mark.parametrize("version", [1, 2])
async def test_a_login_by_a_password_that_is_changed_meanwhile(
    server: Server, change: Any, version: int
) -> None:
    """Hashing takes a while. The change finds neither a session nor a token to end, so the login
    must create none afterwards."""
    (user_id,) = await server.register("Ann")
    intruder = server.join()
    server.hasher.gate.clear()
    says(intruder, LOGIN, **WHO, v=version)
    await settled()
    await change(server)
    server.hasher.gate.set()
    await settled()
    assert answer(intruder)["errno"] == 50
    assert not server.chat.sessions.of(user_id)
    assert await server.chat.overview.store.tokens.of(user_id, server.clock.ms) == []
    assert set(await server.chat.overview.presence.where([user_id])) == set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """While it is cleared, no token is stored."""
    add, gate = SqlTokens.add, asyncio.Event()
    gate.set()

    async def slow_add(tokens: SqlTokens, token: KeptToken, **options: Any) -> list[str]:
        await gate.wait()
        return await add(tokens, token, **options)

    monkeypatch.setattr(SqlTokens, "add", slow_add)
    return gate


async def test_a_login_whose_token_is_kept_behind_the_change(
    server: Server, gate: asyncio.Event
) -> None:
    """The change finds and ends the session. The token is not stored yet, and must not be stored
    afterwards."""
    await server.register("Ann")
    gate.clear()
    intruder = server.join()
    says(intruder, LOGIN, **WHO, v=2)
    await settled()
    await set_password(server)
    gate.set()
    await settled()
    assert await server.chat.overview.store.tokens.of(1, server.clock.ms) == []
    assert intruder.is_gone()


async def test_a_change_whose_token_is_kept_behind_the_operator_s(
    server: Server, gate: asyncio.Event
) -> None:
    """The operator's change ends the user's tokens before the user's own has stored the new one,
    which must not be stored afterwards."""
    intruder = await server.logged_in("Ann")
    gate.clear()
    says(intruder, CHANGE_PASSWORD, old="pw", new="mine")
    await settled()
    await set_password(server)
    gate.set()
    await settled()
    assert await server.chat.overview.store.tokens.of(1, server.clock.ms) == []
    assert intruder.is_gone()


async def test_a_change_by_a_password_that_is_changed_meanwhile(server: Server) -> None:
    """A user who still knows the old password cannot replace the operator's new one."""
    ann = await server.logged_in("Ann")
    server.hasher.gate.clear()
    says(ann, CHANGE_PASSWORD, old="pw", new="mine")
    await settled()
    changing = asyncio.create_task(set_password(server))
    await settled()
    server.hasher.gate.set()
    await changing
    await settled()
    for password, errno in (("pw", 3), ("mine", 3), ("new", 0)):
        found = await server.join().ask(LOGIN, id=1, password=password, v=2)
        assert found["errno"] == errno


@pytest.fixture
def looking_up(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """While it is cleared, tokens are looked up, but what was found is kept back."""
    find, gate = SqlTokens.find, asyncio.Event()
    gate.set()

    async def slow_find(tokens: SqlTokens, digest: str, now_ms: int) -> Any:
        found = await find(tokens, digest, now_ms)
        await gate.wait()
        return found

    monkeypatch.setattr(SqlTokens, "find", slow_find)
    return gate


async def test_a_resume_by_a_token_that_is_ended_meanwhile(
    server: Server, looking_up: asyncio.Event
) -> None:
    """The operator finds no session to end before the resumption has a claim. None may begin
    afterwards."""
    ann = await server.logged_in("Ann")
    token = ann.heard()[0]["token"]
    ann.link.abort()
    await settled()
    looking_up.clear()
    thief = server.join()
    says(thief, RESUME, token=token)
    await settled()
    await server.chat.administration.log_out("Ann")
    looking_up.set()
    await settled()
    assert answer(thief)["error"] == "bad_token"
    assert not server.chat.sessions.of(1)
    assert set(await server.chat.overview.presence.where([1])) == set()


async def test_a_resume_by_a_token_whose_successor_is_used_meanwhile(
    server: Server, looking_up: asyncio.Event
) -> None:
    """The owner and a thief have come in the same moment. The session ends, as it does if they come
    one after the other."""
    ann = await server.logged_in("Ann")
    first = ann.heard()[0]["token"]
    server.clock.ms += ROTATED_AFTER_MS
    second = (await server.join().ask(RESUME, token=first))["token"]
    looking_up.clear()
    late, current = server.join(), server.join()
    says(current, RESUME, token=second)
    says(late, RESUME, token=first)
    await settled()
    looking_up.set()
    await settled()
    assert answer(current)["errno"] == 0
    assert answer(late)["error"] == "bad_token"
    assert current.is_gone()
    assert (await server.join().ask(RESUME, token=second))["error"] == "bad_token"
