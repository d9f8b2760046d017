"""Doing what one turn of the event loop has asked for over several."""

import asyncio

from adapters.runtime.over_turns import OverTurns


async def test_a_turn_does_so_many_in_order() -> None:
    """The others are done in the turns that follow, and what is added meanwhile behind them."""
    done: list[int] = []
    work = OverTurns(done.append, 2)
    for number in range(5):
        work.add(number)
    assert (done, len(work)) == ([], 5)
    await asyncio.sleep(0)
    assert done == [0, 1]
    work.add(5)
    for count in (4, 6, 6):
        await asyncio.sleep(0)
        assert done == list(range(count))
    work.add(6)
    await asyncio.sleep(0)
    assert done[-1] == 6, "it begins anew"


async def test_what_is_flushed_is_done_at_once_and_once() -> None:
    done: list[int] = []
    work = OverTurns(done.append, 1)
    for number in range(3):
        work.add(number)
    work.flush()
    assert done == [0, 1, 2]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert done == [0, 1, 2]


async def test_one_that_fails_costs_no_other() -> None:
    """What `do` raises goes to the loop."""
    done: list[int] = []
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, what: failures.append(type(what["exception"]))
    )

    def do(number: int) -> None:
        if not number:
            raise ZeroDivisionError
        done.append(number)

    work = OverTurns(do, 2)
    for number in range(3):
        work.add(number)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert done == [1, 2]
    assert failures == [ZeroDivisionError]
