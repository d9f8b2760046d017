"""Flushing what a turn of the loop has filled."""

import asyncio
from typing import Any

import attrs

from adapters.tcp.outboxes import Outboxes


@attrs.define(eq=False)
class Outbox:
    broken: bool = False
    flushed: int = 0

    def flush(self) -> None:
        if self.broken:
            raise ZeroDivisionError
        self.flushed += 1


async def test_one_that_fails_keeps_no_other_from_its_turn() -> None:
    """The loop gets its failure and logs it."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: failures.append(what))
    outboxes, broken, sound = Outboxes(), Outbox(broken=True), Outbox()
    for outbox in (broken, sound):
        outboxes.filled(outbox)
    await asyncio.sleep(0)
    assert sound.flushed == 1
    assert isinstance(failures[0]["exception"], ZeroDivisionError)
