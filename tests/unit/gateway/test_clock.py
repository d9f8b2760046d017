"""The clock that looks after all conversations goes on if one of them has a defect."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.faults.incidents import INCIDENTS
from chat_domain.fairness.limits import Limits
from tests.unit.gateway.server import Server
from tests.unit.gateway.ticking import ticking

LOGIN = 30


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server whose clock is running."""
    async with ticking(Limits(login_seconds=LOGIN, menu_seconds=LOGIN)) as server:
        yield server


def fail(*_: object) -> None:
    raise ValueError("a defect")


async def test_a_defect_in_one_conversation_is_no_other_s(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are looked after in every round, whether they come before or after it."""
    peers = [server.join() for _ in range(3)]
    monkeypatch.setattr(peers[1].handler, "_keepalive", None)  # so that its tick raises
    await asyncio.sleep(LOGIN + 2)
    assert [peer.is_gone() for peer in peers] == [True, False, True]
    assert INCIDENTS.defects["clock"] > LOGIN


async def test_a_defect_in_the_node_s_part_is_not_the_conversations(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock goes on too."""
    monkeypatch.setattr(type(server.chat.node), "tick", fail)
    await asyncio.sleep(3)
    peer = server.join()
    await asyncio.sleep(LOGIN + 2)
    assert peer.is_gone()
    assert INCIDENTS.defects["clock"] > LOGIN
