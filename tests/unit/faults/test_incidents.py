"""What the log and the metrics say about incidents."""

import pytest
from structlog.testing import capture_logs

from adapters.faults.incidents import KINDS, LONGEST, TOLD_AGAIN_AFTER, Incidents
from tests.unit.fakes import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def incidents(clock: ManualClock) -> Incidents:
    return Incidents(clock.monotonic)


def test_each_is_counted_and_the_first_of_its_kind_is_told(incidents: Incidents) -> None:
    """So a flood of malformed input is no flood of lines."""
    with capture_logs() as lines:
        for _ in range(1000):
            incidents.bad_input("redis", "packet", "it is truncated")
        incidents.bad_input("database", "message", "its text is none")
    assert incidents.malformed == {"redis": 1000, "database": 1}
    assert [(line["source"], line["what"], line["why"]) for line in lines] == [
        ("redis", "packet", "it is truncated"),
        ("database", "message", "its text is none"),
    ]


def test_what_goes_on_is_told_again_after_a_while(incidents: Incidents, clock: ManualClock) -> None:
    """The line says how many there were since."""
    with capture_logs() as lines:
        for _ in range(4):
            incidents.bad_input("redis", "packet", "odd")
        clock.advance(TOLD_AGAIN_AFTER)
        incidents.bad_input("redis", "packet", "odd")
    assert [line["times"] for line in lines] == [1, 4]


def test_what_somebody_else_wrote_does_not_make_long_lines(incidents: Incidents) -> None:
    with capture_logs() as lines:
        incidents.bad_input("redis", "packet", "x" * 10_000)
    assert len(lines[0]["why"]) == LONGEST


def test_kinds_that_are_made_up_are_bounded(incidents: Incidents, clock: ManualClock) -> None:
    """Kinds beyond the bound are only counted; old kinds make room for new ones."""
    with capture_logs() as lines:
        for number in range(KINDS + 50):
            incidents.tell("redis refuses", f"CODE{number}")
        assert len(lines) == KINDS
        clock.advance(TOLD_AGAIN_AFTER)
        for number in range(KINDS + 50):
            incidents.tell("redis refuses", f"ANOTHER{number}")
    assert len(lines) == 2 * KINDS


def fail(error: Exception) -> None:
    raise error


def test_a_defect_is_told_by_where_it_is_and_survived(incidents: Incidents) -> None:
    """Defects in the same line of code are one kind; those in another line are another kind."""
    with capture_logs() as lines:
        for _ in range(3):
            incidents.survive("clock", fail, ValueError("a defect"))
        incidents.survive("clock", fail, KeyError("another"))
        incidents.survive("clock", int, "no number")
    assert incidents.defects == {"clock": 5}
    assert [type(line["exc_info"]) for line in lines] == [ValueError, KeyError, ValueError]
