"""What the node holds for clients that have not logged in: little for each, and bounded for all."""

import pytest

from chat_domain.fairness.limits import MIB, STRANGERS_FRAME, STRANGERS_UNREAD, Limits
from tests.unit.gateway.server import Peer, Server, settled

PING = b'{"msgid":1012}\n'


async def login_under_way(server: Server, name: str = "Ann") -> Peer:
    """A client whose password is being hashed, so that all that it sends has to wait."""
    (user_id,) = await server.register(name)
    peer = server.join()
    server.hasher.gate.clear()
    peer.say({"msgid": 1000, "id": user_id, "password": "pw", "v": 2})
    await settled()
    return peer


def errors(peer: Peer) -> list[str]:
    return [frame["error"] for frame in peer.heard() if "error" in frame]


async def test_little_may_wait_for_a_login(server: Server) -> None:
    """The node answers what follows the login once that is done."""
    ann = await login_under_way(server)
    ann.link.arrives(PING * (STRANGERS_UNREAD // len(PING)))
    server.hasher.gate.set()
    await settled()
    assert len(ann.heard()) == 1 + STRANGERS_UNREAD // len(PING)
    assert server.gateway.shared.guard.strangers_budget.held == 0


async def test_a_stranger_for_whom_much_would_wait_is_parted_from(server: Server) -> None:
    """The client is told why, and the node holds nothing of it any more."""
    ann = await login_under_way(server)
    ann.link.arrives(PING * (STRANGERS_UNREAD // len(PING) + 1))
    await settled()
    assert errors(ann) == ["too_fast"]
    assert ann.is_gone()
    guard = server.gateway.shared.guard
    assert (guard.strangers_budget.held, guard.counters.strangers_cut) == (0, 1)


async def test_who_has_logged_in_may_leave_more_waiting(server: Server) -> None:
    """They may leave as much as one read brings."""
    ann = await server.logged_in("Ann")
    ann.heard()
    server.failing_friends.gate.clear()
    ann.say({"msgid": 1022})
    ann.link.arrives(PING * (4 * STRANGERS_UNREAD // len(PING)))
    server.failing_friends.gate.set()
    await settled()
    assert len(ann.heard()) == 1 + 4 * STRANGERS_UNREAD // len(PING)


@pytest.mark.parametrize("logged_in", [False, True])
async def test_before_a_login_frames_are_short(server: Server, *, logged_in: bool) -> None:
    """A LOGIN fits into one. One byte more ends the connection, as it does after the login with one
    byte more than 64 KiB."""
    peer = await server.logged_in("Ann") if logged_in else server.join()
    peer.heard()
    begun, limit = b'{"msgid":1012,"more":"', 65_536 if logged_in else 8_192
    peer.link.arrives(begun.ljust(limit - 2, b"x") + b'"}\n')
    await settled()
    assert [frame["msgid"] for frame in peer.heard()] == [1013]
    peer.link.arrives(begun.ljust(limit - 1, b"x") + b'"}\n')
    await settled()
    assert errors(peer) == ["frame_too_long"]
    assert peer.is_gone()


async def test_who_logs_out_is_a_stranger_again(server: Server) -> None:
    """They count as one, and their frames are short again."""
    ann = await server.logged_in("Ann")
    origins = server.gateway.shared.guard.origins
    assert origins.strangers == 0
    ann.say({"msgid": 1002})
    await settled()
    ann.heard()
    assert origins.strangers == 1
    ann.link.arrives(b"x" * (STRANGERS_FRAME + 1))
    await settled()
    assert errors(ann) == ["frame_too_long"]


async def test_all_strangers_together_have_a_bound() -> None:
    """Each address may use a tenth of it. Those beyond are told to come later, and what is handled
    makes room again. Users do not notice."""
    server = Server(Limits(strangers_mib=1))
    user = await server.logged_in("A user")
    user.heard()
    waiting = [await login_under_way(server, f"stranger {number}") for number in range(20)]
    for peer in waiting:
        peer.link.arrives(PING * (STRANGERS_UNREAD // len(PING)))
    user.link.arrives(PING * 2_000)
    await settled()
    refused = [peer for peer in waiting if errors(peer) == ["too_many_connections"]]
    assert 20 - MIB // 10 // STRANGERS_UNREAD <= len(refused) < 20
    assert len(user.heard()) == 2_000
    server.hasher.gate.set()
    await settled()
    assert server.gateway.shared.guard.strangers_budget.held == 0
    late = await login_under_way(server, "somebody late")
    late.link.arrives(PING * 100)
    server.hasher.gate.set()
    await settled()
    assert errors(late) == []


async def test_a_frame_that_does_not_end_is_held(server: Server) -> None:
    """It counts until its connection is gone."""
    peer = server.join()
    peer.link.arrives(b"x" * 1_000)
    budget = server.gateway.shared.guard.strangers_budget
    assert budget.held == 1_000
    peer.link.abort()
    await settled()
    assert budget.held == 0
