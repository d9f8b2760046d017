"""What the log says of an outage."""

from structlog.testing import capture_logs

from adapters.outage import Outage


def test_an_outage_is_told_at_its_beginning_and_at_its_end() -> None:
    """Once each, with the reason, and with how often it failed; otherwise nothing is told."""
    outage = Outage("the database")
    with capture_logs() as lines:
        outage.worked()
        for _ in range(3):
            outage.failed(OSError("connection refused"))
        outage.worked()
        outage.worked()
    first, last = lines
    assert (first["event"], first["why"]) == ("outage", "connection refused")
    assert (last["event"], last["failures"]) == ("outage over", 3)


def test_each_outage_is_told() -> None:
    outage = Outage("the database")
    with capture_logs() as lines:
        for _ in range(2):
            outage.failed(TimeoutError())
            outage.worked()
    assert len(lines) == 4
    assert lines[0]["why"] == "TimeoutError"
