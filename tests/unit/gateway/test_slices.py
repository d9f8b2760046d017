"""Work in slices: every origin has its turn, and the loop is not blocked for long."""

import asyncio

import pytest

from adapters.gateway.slices import TURN, Slices
from adapters.runtime.fair_queue import alone
from entrypoints.protocols import HandshakeDoor
from tests.unit.gateway.server import Server
from tests.unit.gateway.virtual_time import VirtualTimeLoop


class Busy:
    """Work that takes TURN, and records whose it was."""

    def __init__(self) -> None:
        self.slices = Slices(alone)
        self.done: list[str] = []

    def add(self, origin: str, times: int = 1) -> None:
        for _ in range(times):
            self.slices.add(origin, lambda: self.work(origin))

    def work(self, whose: str) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.pass_time(TURN)
        self.done.append(whose)


async def test_a_turn_of_the_loop_has_so_much() -> None:
    """Then everything else has its turn, and the rest follows."""
    busy = Busy()
    busy.add("somebody", 3)
    for count in (1, 2, 3):
        await asyncio.sleep(0)
        assert len(busy.done) == count


async def test_origins_take_turns() -> None:
    """An origin with much work waits only for itself."""
    busy = Busy()
    busy.add("flood", 3)
    busy.add("somebody")
    await asyncio.sleep(1)
    assert busy.done == ["flood", "somebody", "flood", "flood"]


async def test_a_failure_stops_nobody_else() -> None:
    """The loop reports it."""
    busy, failures = Busy(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    busy.slices.add("somebody", lambda: pytest.fail("a defect"))
    busy.add("somebody else")
    await asyncio.sleep(1)
    assert busy.done == ["somebody else"]
    assert len(failures) == 1


async def test_a_handshake_that_was_answered_goes_on_before_others_begin(server: Server) -> None:
    """Otherwise none would be done before all of a storm have begun, which may take too long."""
    begins, goes_on = Busy(), Busy()
    door = HandshakeDoor(
        server.guard, server.clock, server.gateway.disconnect_log, begins.slices, goes_on.slices
    )
    for _ in range(3):
        door.in_turn("192.0.2.1", lambda: begins.work("begins"), answered=False)
    door.in_turn("192.0.2.1", lambda: goes_on.work("goes on"), answered=True)
    await asyncio.sleep(0)
    assert (begins.done, goes_on.done) == (["begins"], ["goes on"])
