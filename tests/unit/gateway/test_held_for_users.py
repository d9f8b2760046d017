"""What users have sent and the node has not handled yet: it has a bound for all of them
together."""

from adapters.gateway.unsent import TIGHT_WATER
from chat_domain.fairness.limits import MIB, Limits
from tests.unit.gateway.server import Peer, Server, settled

PING = b'{"msgid":1012}\n'
A_READ = 256 * 1024  # bytes


async def waiting_for_an_answer(server: Server, name: str) -> Peer:
    """A user whose request is with the store, so that all that they send has to wait."""
    peer = await server.logged_in(name)
    peer.heard()
    server.failing_friends.gate.clear()
    peer.say({"msgid": 1022})
    return peer


async def test_what_waits_for_all_users_has_a_bound() -> None:
    """The node cuts those whose bytes have waited for the longest, and tells them why."""
    server = Server(limits=Limits(unsent_mib=1))
    peers = [await waiting_for_an_answer(server, f"user{number}") for number in range(6)]
    for peer in peers:
        peer.link.arrives(PING * (A_READ // len(PING)))
    await settled()
    assert [peer.is_gone() for peer in peers] == [True, True, False, False, False, False]
    assert [frame["error"] for frame in peers[0].heard()] == ["too_fast"]
    shared = server.gateway.shared
    assert MIB - A_READ < shared.unsent.total <= MIB
    assert shared.guard.counters.unsent_cut == 2


async def test_what_was_handled_counts_no_more(server: Server) -> None:
    """Nor does what a client has left behind that is gone."""
    ann, bob = [await waiting_for_an_answer(server, name) for name in ("Ann", "Bob")]
    unsent = server.gateway.shared.unsent
    for peer in (ann, bob):
        peer.link.arrives(PING * (A_READ // len(PING)))
    assert unsent.total > A_READ
    bob.link.abort()
    await settled()
    assert unsent.total <= A_READ
    server.failing_friends.gate.set()
    await settled()
    server.tick(0.0)
    assert unsent.total == 0


async def test_the_little_that_most_leave_waiting_is_not_counted(server: Server) -> None:
    """Nobody is cut for it."""
    ann = await waiting_for_an_answer(server, "Ann")
    ann.link.arrives(b"x" * TIGHT_WATER)
    assert server.gateway.shared.unsent.total == 0
    ann.link.arrives(b"x")
    assert server.gateway.shared.unsent.total == TIGHT_WATER + 1
