"""Doing everything together that one turn of the event loop has asked for."""

import asyncio

from adapters.runtime.turn_batch import TurnBatch


async def test_what_a_turn_adds_is_done_together_at_its_end() -> None:
    """One call per turn has all of it, in order; a turn that adds nothing has no call."""
    done: list[list[int]] = []
    turn = TurnBatch(done.append)
    for first in (1, 4):
        for number in range(first, first + 3):
            turn.add(number)
        assert len(done) == first // 3, "nothing is done before the turn is over"
        for _ in range(3):
            await asyncio.sleep(0)
    assert done == [[1, 2, 3], [4, 5, 6]]


async def test_what_is_added_meanwhile_is_for_the_next_turn() -> None:
    """What `do` itself adds is neither lost nor done at once."""
    done: list[list[str]] = []

    def do(things: list[str]) -> None:
        if not done:
            turn.add("later")
        done.append(things)

    turn = TurnBatch(do)
    turn.add("now")
    await asyncio.sleep(0)
    assert done == [["now"]]
    await asyncio.sleep(0)
    assert done == [["now"], ["later"]]


async def test_what_is_flushed_early_is_done_once() -> None:
    """The end of the turn does only what was added after that, if anything."""
    done: list[list[str]] = []
    turn = TurnBatch(done.append)
    turn.add("early")
    turn.flush()
    turn.flush()
    assert done == [["early"]]
    await asyncio.sleep(0)
    assert done == [["early"]]
    turn.add("early too")
    turn.flush()
    turn.add("late")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert done == [["early"], ["early too"], ["late"]]


async def test_a_turn_that_fails_costs_no_later_one() -> None:
    """What `do` raises goes to the loop, which logs it; the next turn's work is done."""
    done: list[list[str]] = []
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, what: failures.append(type(what["exception"]))
    )

    def do(things: list[str]) -> None:
        if not failures:
            raise ZeroDivisionError
        done.append(things)

    turn = TurnBatch(do)
    for thing in ("lost", "done"):
        turn.add(thing)
        await asyncio.sleep(0)
    assert failures == [ZeroDivisionError]
    assert done == [["done"]]
