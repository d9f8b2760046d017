"""Flushing what a turn of the loop has filled."""

import asyncio
from typing import Any

import attrs

from adapters.tcp.outboxes import AT_ONCE, Outboxes


@attrs.define(eq=False)
class Outbox:
    broken: bool = False
    flushed: int = 0
    much: bool = False

    def has_much(self) -> bool:
        return self.much

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


async def test_very_many_have_several_turns() -> None:
    """Those that were filled first are flushed first, and each as often as it was filled."""
    outboxes, crowd, late = Outboxes(), [Outbox() for _ in range(2 * AT_ONCE + 1)], Outbox()
    for outbox in crowd:
        outboxes.filled(outbox)
    flushed = []
    for _ in range(4):
        await asyncio.sleep(0)
        flushed.append(sum(outbox.flushed for outbox in crowd))
        if len(flushed) == 1:
            outboxes.filled(late)
            assert [outbox.flushed for outbox in crowd] == [1] * AT_ONCE + [0] * (AT_ONCE + 1)
    assert flushed == [AT_ONCE, 2 * AT_ONCE, len(crowd), len(crowd)]
    assert late.flushed == 1


async def test_what_is_much_does_not_wait_behind_very_many() -> None:
    """A session that catches up goes on in each turn until it hears that its link takes no more."""
    outboxes, crowd = Outboxes(), [Outbox() for _ in range(AT_ONCE + 1)]
    much = Outbox(much=True)
    for outbox in (*crowd, much):
        outboxes.filled(outbox)
    await asyncio.sleep(0)
    assert (crowd[-1].flushed, much.flushed) == (0, 1)
    await asyncio.sleep(0)
    assert (crowd[-1].flushed, much.flushed) == (1, 1)
