"""A user's own sessions, against a real server."""

import pytest

from adapters.client.errors import Refused
from adapters.client.events import Reconnected, SessionEnded
from tests.eventually import eventually
from tests.integration.chatter import Chatter, back, connected, newcomer
from tests.integration.server_process import ServerProcess


async def test_sessions_are_listed_and_ended(server: ServerProcess) -> None:
    """A session whose connection broke is in the list, and cannot be resumed once it is ended."""
    async with newcomer(server.port) as anna:
        left_behind = anna.client.token
    async with connected(server.port) as again:
        await again.client.login(anna.id, anna.password)
        current, other = await again.client.sessions()
        assert (current.current, other.current) == (True, False)
        assert current.begun_ms >= other.begun_ms
        await again.client.end_session(other.name)
        assert await again.client.sessions() == [current]
        await cannot_resume(server.port, left_behind)


async def test_a_session_of_nobody_cannot_be_ended(server: ServerProcess) -> None:
    """Nor can another user's session, since names of sessions belong to one account."""
    async with newcomer(server.port) as anna, newcomer(server.port) as bert:
        (session,) = await anna.client.sessions()
        for name in (session.name, "", "0" * 16):
            with pytest.raises(Refused, match="no_such_session"):
                await bert.client.end_session(name)
        assert await anna.client.sessions() == [session]


async def test_a_session_that_is_ended_stays_so(server: ServerProcess) -> None:
    """Its client is told, does not come back by itself, and cannot come back by its token. The
    session that ended it goes on."""
    async with newcomer(server.port) as anna, back(server.port, anna) as again:
        token = anna.client.token
        (other,) = [one for one in await again.client.sessions() if not one.current]
        await again.client.end_session(other.name)
        await has_ended(anna)
        assert [session.current for session in await again.client.sessions()] == [True]
        await cannot_resume(server.port, token)


async def test_a_new_password_ends_all_other_sessions(server: ServerProcess) -> None:
    """The session that changed it goes on, and can be resumed by its new token."""
    async with newcomer(server.port) as anna, back(server.port, anna) as again:
        tokens = anna.client.token, again.client.token
        await again.client.change_password(anna.password, "another secret")
        await has_ended(anna)
        for token in tokens:
            await cannot_resume(server.port, token)
        async with connected(server.port) as resumed:
            assert again.client.token
            await resumed.client.resume(again.client.token)
        assert again.of(SessionEnded) == []


async def test_a_login_on_a_device_of_the_same_name_ends_the_one_before(
    server: ServerProcess,
) -> None:
    """It counts as the same device. Sessions of other names stay."""
    async with newcomer(server.port) as anna, connected(server.port) as phone:
        await phone.client.login(anna.id, anna.password, device="phone")
        async with connected(server.port) as again:
            await again.client.login(anna.id, anna.password, device="phone")
            await has_ended(phone)
            names = sorted(session.device for session in await again.client.sessions())
            assert names == ["", "phone"]
        assert anna.of(SessionEnded) == []


async def has_ended(who: Chatter) -> None:
    """Wait until the client is told; check that it stays logged out."""
    await eventually(lambda: who.of(SessionEnded))
    await eventually(lambda: who.of(Reconnected))
    assert [event.resumed for event in who.of(Reconnected)] == [False]
    with pytest.raises(Refused, match="not_logged_in"):
        await who.client.sessions()


async def cannot_resume(port: int, token: str | None) -> None:
    """Check that the token is no longer valid."""
    assert token
    async with connected(port) as thief:
        with pytest.raises(Refused, match="bad_token"):
            await thief.client.resume(token)
