"""How `make cluster` shows the nodes' logs."""

import json
from datetime import UTC, datetime

import pytest

from entrypoints.services.following import readable

NOON = datetime(2026, 1, 2, 12, 0, 1, tzinfo=UTC)
HERE = f"{NOON.astimezone():%H:%M:%S}"  # the time on this machine


def line(**facts: object) -> str:
    return json.dumps({**facts, "timestamp": NOON.isoformat()})


def test_a_node_s_line_says_what_has_happened() -> None:
    """The event comes first, with this machine's time; its facts follow."""
    said = line(
        address="127.0.0.1", reason="client closed", event="connection closed", level="info"
    )
    assert list(readable(said)) == [
        f"{HERE} connection closed address=127.0.0.1 reason='client closed'"
    ]


def test_what_is_wrong_stands_out() -> None:
    """The line has its level, and the traceback is below it."""
    said = line(event="outage", level="error", exception="Traceback:\n  here\nValueError: no")
    assert list(readable(said)) == [
        f"{HERE} ERROR: outage",
        "    Traceback:",
        "      here",
        "    ValueError: no",
    ]


@pytest.mark.parametrize("said", ["[Note] ready", "{", "{}", "[1]", '{"a": 1}', "[" * 99_999, ""])
def test_other_programs_lines_stay_as_they_are(said: str) -> None:
    """This holds whatever they look like."""
    assert list(readable(said)) == [said]


@pytest.mark.parametrize(
    "said",
    [
        "\x1b[2Jgone",
        line(event="\x1b[2Jgone"),
        line(event="x", name="\x1b[2J"),
        line(event="x", exception="\x1b[2J"),
    ],
)
def test_nothing_steers_the_terminal(said: str) -> None:
    """Names and addresses may have any characters."""
    assert not any("\x1b" in part for part in readable(said))
