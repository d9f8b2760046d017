"""How often the client tells the server what the user has read."""

import asyncio
from itertools import pairwise

import pytest

from adapters.client import Refused, Where, With
from adapters.terminal.fullscreen import read_reporter
from adapters.terminal.fullscreen.read_reporter import ReadReporter


class Told:
    """Records what was told, and when."""

    def __init__(self) -> None:
        self.marks: list[tuple[Where, int]] = []
        self.times: list[float] = []
        self._news = asyncio.Event()

    async def tell(self, where: Where, at: int) -> None:
        self.times.append(asyncio.get_running_loop().time())
        self.marks.append((where, at))
        self._news.set()
        if at == 13:
            raise Refused(99, "bad_at", "")

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.marks) < count:
                self._news.clear()
                await self._news.wait()


async def test_marks_are_told_one_after_the_other_and_not_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first mark is told at once; later, the last mark of each conversation, with a pause
    before it. A refused mark does not keep the next one from being told."""
    monkeypatch.setattr(read_reporter, "EVERY", 0.05)
    told = Told()
    reports = ReadReporter(told.tell)
    reports.read(With(15), 13)
    await told.until(1)
    for at in (5, 9, 7):
        reports.read(With(15), at)
    reports.read(With(16), 6)
    await told.until(3)
    assert told.marks == [(With(15), 13), (With(15), 9), (With(16), 6)]
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(told.times))
    reports.reset()


async def test_who_has_logged_out_has_read_nothing_more() -> None:
    """Marks that were not told yet are dropped."""
    told = Told()
    reports = ReadReporter(told.tell)
    reports.read(With(15), 5)
    reports.reset()
    await asyncio.sleep(0)
    assert told.marks == []
