"""What arrives while something of the same client is held up: a link may still have some to give
after it was told to pause."""

import pytest

from adapters.wire.incoming import PIECE
from chat_domain.fairness.limits import Limits
from chat_domain.fairness.meter import BURST, QUANTUM_FRAMES
from tests.unit.gateway.server import Peer, Server, settled

PING = {"msgid": 1012}
LONG = "x" * 200
PER_SECOND = 100


@pytest.fixture
async def ann(server: Server) -> Peer:
    """A client whose frames are handled at once."""
    peer = await server.logged_in("Ann")
    await peer.ask(1012)
    return peer


def seqs(peer: Peer) -> list[int]:
    return [frame["seq"] for frame in peer.heard() if "seq" in frame]


async def test_it_waits_behind_what_is_long(ann: Peer) -> None:
    """Everything is answered in order."""
    count = PIECE // len(LONG) + 1
    ann.say(*({**PING, "seq": seq, "about": LONG} for seq in range(count)))
    ann.say({**PING, "seq": count})
    await settled()
    assert seqs(ann) == list(range(count + 1))


async def test_it_waits_until_the_client_reads(ann: Peer) -> None:
    ann.handler.choked()
    ann.say({**PING, "seq": 1})
    await settled()
    assert seqs(ann) == []
    ann.handler.unchoked()
    await settled()
    assert seqs(ann) == [1]


async def test_it_waits_until_the_pause_of_who_was_too_fast_is_over() -> None:
    """Also if each frame has come by itself."""
    strict = Server(Limits(frames_per_second=PER_SECOND, bytes_per_second=1_000_000))
    ann = await strict.logged_in("Ann")
    most = BURST * PER_SECOND + 2 * QUANTUM_FRAMES
    for seq in range(2 * most):
        ann.say({"msgid": 1005, "toid": 0, "msg": "x", "seq": seq})
    await settled()
    assert len(seqs(ann)) < most
