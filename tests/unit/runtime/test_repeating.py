"""A task that a process repeats goes on, whatever happens in it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from adapters.faults.incidents import INCIDENTS
from adapters.runtime.repeating import repeat_forever
from chat_domain.errors import TryAgain

WAITS: list[float] = []


@pytest.fixture(autouse=True)
def _waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Note how long each pause would be, and do not wait."""
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        WAITS.append(seconds)
        await sleep(0)

    WAITS.clear()
    monkeypatch.setattr("adapters.runtime.repeating.asyncio.sleep", note)


class Enough(BaseException):
    """Ends the loop from within, which otherwise only a cancellation does."""


def steps(*outcomes: Exception | None) -> Callable[[], Awaitable[None]]:
    """A task that ends like this, time after time."""
    rest = iter(outcomes)

    async def once() -> None:
        for outcome in rest:
            if outcome is not None:
                raise outcome
            return
        raise Enough

    return once


async def run(*outcomes: Exception | None) -> list[float]:
    """Run such a task; return how long the loop waited after each time."""
    with pytest.raises(Enough):
        await repeat_forever("a task", steps(*outcomes), pause=3.0)
    return WAITS


async def test_it_is_done_again_after_a_pause() -> None:
    assert await run(None, None) == [3.0, 3.0]


@pytest.mark.parametrize("failure", [ValueError("a defect"), TimeoutError(), OSError(), TryAgain()])
async def test_whatever_it_raises_it_is_done_again(failure: Exception) -> None:
    """Retries are soon at first, then later and later up to a bound; a success resets them."""
    waits = await run(failure, failure, failure, failure, None, failure)
    assert waits == [0.5, 1.0, 2.0, 2.0, 3.0, 0.5]


async def test_an_outage_is_logged_at_its_beginning_and_its_end() -> None:
    """The log has its cause. It is no defect."""
    outage = TryAgain()
    outage.__cause__ = OSError("NOREPLICAS")
    with capture_logs() as lines:
        await run(None, outage, outage, None)
    assert [(line["event"], line["what"]) for line in lines] == [
        ("outage", "a task"),
        ("outage over", "a task"),
    ]
    assert lines[0]["why"] == "NOREPLICAS"
    assert INCIDENTS.defects == {"a task": 0}


async def test_a_defect_is_counted_and_told_once() -> None:
    with capture_logs() as lines:
        await run(*[ValueError("a defect")] * 5)
    assert [(line["event"], line["where"], line["log_level"]) for line in lines] == [
        ("defect", "a task", "error")
    ]
    assert INCIDENTS.defects == {"a task": 5}


async def test_somebody_else_s_cancellation_does_not_end_it() -> None:
    """If a future that it waits for is cancelled, the task itself is not."""

    async def wait_in_vain() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    outcomes = iter([wait_in_vain, steps()])

    async def once() -> None:
        await next(outcomes)()

    with pytest.raises(Enough):
        await repeat_forever("a task", once)
    assert INCIDENTS.defects == {"a task": 1}


async def test_its_own_cancellation_ends_it() -> None:
    """This holds in the middle of its work and in a pause."""
    begun = asyncio.Event()

    async def once() -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(repeat_forever("a task", once))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert INCIDENTS.defects == {"a task": 0}
