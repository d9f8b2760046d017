"""A user's own sessions, against a real server."""

import pytest

from adapters.client.errors import ConnectionLost, Refused
from adapters.client.events import Reconnected, Replaced
from tests.integration.chatter import connected, eventually, newcomer
from tests.integration.server_process import ServerProcess


async def test_sessions_are_listed_and_ended(server: ServerProcess) -> None:
    """What was broken off elsewhere is in the list, and cannot be resumed once it is ended."""
    async with newcomer(server.port) as anna:
        left_behind = anna.client.token
    async with connected(server.port) as again:
        await again.client.login(anna.id, anna.password)
        current, other = await again.client.sessions()
        assert (current.current, other.current) == (True, False)
        assert current.begun_ms >= other.begun_ms
        await again.client.end_session(other.name)
        assert await again.client.sessions() == [current]
    async with connected(server.port) as thief:
        assert left_behind
        with pytest.raises(Refused, match="bad_token"):
            await thief.client.resume(left_behind)


async def test_a_session_of_nobody_cannot_be_ended(server: ServerProcess) -> None:
    """Nor somebody else's: their names are not known to one's own account."""
    async with newcomer(server.port) as anna, newcomer(server.port) as bert:
        (session,) = await anna.client.sessions()
        for name in (session.name, "", "0" * 16):
            with pytest.raises(Refused, match="no_such_session"):
                await bert.client.end_session(name)
        assert await anna.client.sessions() == [session]


async def test_a_session_is_taken_over_and_stays_so(server: ServerProcess) -> None:
    """The other client is told, does not come back by itself, and cannot by its token."""
    async with newcomer(server.port) as anna, connected(server.port) as again:
        token = anna.client.token
        with pytest.raises(Refused, match="already_online"):
            await again.client.login(anna.id, anna.password)
        await again.client.login(anna.id, anna.password, takeover=True)
        await eventually(lambda: anna.of(Replaced))
        with pytest.raises(ConnectionLost, match="taken this session over"):
            await anna.client.sessions()
        assert not anna.of(Reconnected)
        assert [session.current for session in await again.client.sessions()] == [True]
        assert token
        async with connected(server.port) as thief:
            with pytest.raises(Refused, match="bad_token"):
                await thief.client.resume(token)
