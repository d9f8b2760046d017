"""What the log says about an outage."""

import pytest
from structlog.testing import capture_logs

from adapters.faults.outage import TOLD_APART, Outage
from tests.unit.fakes import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def outage(clock: ManualClock) -> Outage:
    return Outage("the database", clock.monotonic)


def test_an_outage_is_told_at_its_beginning_and_at_its_end(
    outage: Outage, clock: ManualClock
) -> None:
    """Each has one line, with the reason and with the number of failures; no others are logged."""
    with capture_logs() as lines:
        outage.worked()
        for _ in range(3):
            outage.failed(OSError("connection refused"))
        clock.advance(2.5)
        outage.worked()
        outage.worked()
    first, last = lines
    assert (first["event"], first["why"]) == ("outage", "connection refused")
    assert (last["event"], last["failures"], last["seconds"]) == ("outage over", 3, 2.5)


def test_each_outage_is_told(outage: Outage, clock: ManualClock) -> None:
    with capture_logs() as lines:
        for _ in range(2):
            outage.failed(TimeoutError())
            outage.worked()
            clock.advance(TOLD_APART)
    assert len(lines) == 4
    assert lines[0]["why"] == "no answer in time"


def test_what_fails_in_part_is_no_flood_of_lines(outage: Outage) -> None:
    """One of several tables may fail thousands of times a second."""
    with capture_logs() as lines:
        for _ in range(1000):
            outage.failed(OSError("denied"))
            outage.worked()
    assert len(lines) == 2


def test_an_outage_that_began_too_soon_to_be_told_is_told_when_it_lasts(
    outage: Outage, clock: ManualClock
) -> None:
    """The line says how long ago it began."""
    with capture_logs() as lines:
        outage.failed(OSError())
        outage.worked()
        outage.failed(OSError())
        clock.advance(TOLD_APART)
        outage.failed(OSError("still"))
        outage.worked()
    assert [line["event"] for line in lines] == ["outage", "outage over", "outage", "outage over"]
    assert (lines[3]["seconds"], lines[3]["failures"]) == (TOLD_APART, 2)
