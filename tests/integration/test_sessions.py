"""A session that is ended, against a real server."""

import pytest

from adapters.client.errors import Refused
from adapters.client.events import Reconnected, SessionEnded
from tests.eventually import eventually
from tests.integration.chatter import back, connected, newcomer
from tests.integration.server_process import ServerProcess


async def test_a_session_that_is_ended_stays_so(server: ServerProcess) -> None:
    """Its client is told, does not come back by itself, and cannot come back by its token. The
    session that ended it goes on."""
    async with newcomer(server.port) as anna, back(server.port, anna) as again:
        token = anna.client.token
        (other,) = [one for one in await again.client.sessions() if not one.current]
        await again.client.end_session(other.name)
        await eventually(lambda: anna.of(Reconnected))
        assert anna.of(SessionEnded)
        assert [event.resumed for event in anna.of(Reconnected)] == [False]
        with pytest.raises(Refused, match="not_logged_in"):
            await anna.client.sessions()
        assert [session.current for session in await again.client.sessions()] == [True]
        await cannot_resume(server.port, token)


async def cannot_resume(port: int, token: str | None) -> None:
    """Check that the token is no longer valid."""
    assert token
    async with connected(port) as thief:
        with pytest.raises(Refused, match="bad_token"):
            await thief.client.resume(token)
