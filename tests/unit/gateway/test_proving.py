"""Trying passwords over a connection."""

import pytest

from chat_domain.fairness.limits import Limits
from chat_domain.people.accounts import MAX_PASSWORD
from tests.unit.gateway.server import Peer, Server, settled

TOO_LONG = "x" * (MAX_PASSWORD + 1)


@pytest.fixture
async def strict() -> Server:
    """A server that permits one free failure, and has Ann with the id 1."""
    server = Server(Limits(failed_logins=1))
    await server.register("Ann")
    return server


async def error_of(peer: Peer, password: str) -> str:
    answer = await peer.ask(1000, id=1, password=password, v=2)
    return str(answer.get("error", "none"))


async def test_failures_count(strict: Server) -> None:
    """One is free, the next ones have to wait, and of many at once the rest are refused."""
    peers = [strict.join() for _ in range(20)]
    for peer in peers:
        peer.say({"msgid": 1000, "id": 1, "password": "wrong", "v": 2})
    await settled()
    errors = [frame["error"] for peer in peers for frame in peer.heard()]
    assert errors.count("bad_credentials") == 1
    assert errors.count("too_many_failures") > 10
    counters = strict.guard.counters
    assert counters.logins_delayed + counters.logins_refused == 19


async def test_what_can_be_nobody_s_password_counts_for_nothing(strict: Server) -> None:
    """It costs no hash either, so records of such failures would be cheap to create."""
    for _ in range(20):
        assert await error_of(strict.join(), TOO_LONG) == "bad_credentials"
    assert strict.hasher.verified == 0
    assert await error_of(strict.join(), "pw") == "none"
    assert strict.guard.counters.logins_delayed == 0
