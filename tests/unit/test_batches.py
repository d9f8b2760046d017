"""Writes that are done together: a defect fails who has met it, at once, and nobody later."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.incidents import INCIDENTS
from adapters.mysql.batches import Batches
from chat_domain.errors import TryAgain

AT_ONCE = 1.0  # seconds, of the five for which a caller would wait


class Greedy:
    """A batch that takes whatever comes, but for what it stumbles over."""

    def take(self, job: str) -> bool:
        if job == "stumble":
            raise ValueError("a defect")
        return True


async def do(jobs: Sequence[str]) -> list[str]:
    if "fail" in jobs:
        raise KeyError("it fits no column")
    return [job.upper() for job in jobs if job != "forget"]


async def asked(batches: Batches[str], *jobs: str) -> list[object]:
    async with asyncio.timeout(AT_ONCE):
        return list(await asyncio.gather(*map(batches.ask, jobs), return_exceptions=True))


@pytest.mark.parametrize("bad", ["fail", "forget"])
async def test_a_job_that_fails_is_no_neighbour_s(bad: str) -> None:
    """It raises, or its answer is missing."""
    batches = Batches(do, Greedy)
    first, failed, last = await asked(batches, "a", bad, "b")
    assert (first, last) == ("A", "B")
    assert isinstance(failed, Exception)
    assert await asked(batches, "c") == ["C"]


async def test_a_defect_in_collecting_is_told_to_all_who_wait() -> None:
    """It is counted, and the next one is done."""
    batches = Batches(do, Greedy)
    found = await asked(batches, "stumble", "a")
    assert [type(one) for one in found] == [TryAgain, TryAgain]
    assert INCIDENTS.defects["mysql batches"] == 1
    assert await asked(batches, "b") == ["B"]
