"""Waiting for something, for a while."""

import asyncio

import pytest

from adapters.runtime.timers import EventLatch


async def go_on(latch: EventLatch) -> None:
    while True:
        await latch.wait(60.0)
        await asyncio.sleep(0)


@pytest.mark.parametrize("turns", range(5))
async def test_who_waits_can_be_ended_in_whatever_turn_of_the_loop(turns: int) -> None:
    """This holds even in the turn in which the latch opens."""
    latch = EventLatch()
    waiting = asyncio.create_task(go_on(latch))
    await asyncio.sleep(0.01)
    latch.open()
    for _ in range(turns):
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=0.1)
    assert waiting.cancelled()
