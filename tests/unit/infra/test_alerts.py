"""An operator who is woken by an alert finds a page about it."""

import re
from typing import Any

import pytest

from tests.unit.infra.files import OPERATIONS, alerts, parsed

NAMES = [alert["alert"] for alert in alerts()]
PARTS = ("Means", "Users", "Look", "Do")


def sections() -> dict[str, str]:
    """What is in docs/operations.md below `## Alerts`, by heading."""
    chapter = re.split(r"^## ", OPERATIONS.read_text("utf-8"), flags=re.MULTILINE)
    (about_alerts,) = [part for part in chapter if part.startswith("Alerts\n")]
    _, *parts = re.split(r"^### ", about_alerts, flags=re.MULTILINE)
    return {part.partition("\n")[0]: part for part in parts}


def test_alerts_and_sections_are_the_same() -> None:
    """Every alert has a section and every section an alert, in the same order."""
    assert list(sections()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_section_says_what_to_do(name: str) -> None:
    """It says what the alert means, what users notice, what to look at, and what to do."""
    assert re.findall(r"^- \*\*(\w+):\*\*", sections()[name], re.MULTILINE) == list(PARTS)


@pytest.mark.parametrize("alert", alerts(), ids=NAMES)
def test_an_alert_says_where_to_read_on(alert: dict[str, Any]) -> None:
    """It also says how urgent it is."""
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["for"]
    assert alert["annotations"].keys() == {"summary", "description", "runbook"}
    assert alert["annotations"]["runbook"] == f"docs/operations.md#{alert['alert'].lower()}"


def test_each_alert_is_tested() -> None:
    """Tests show that it fires, and that it does not without a reason (promtool test rules)."""
    tests = parsed("prometheus/alerts_test.yml")["tests"]
    labels = [
        sample["labels"]
        for test in tests
        for look in test["promql_expr_test"]
        for sample in look["exp_samples"]
    ]
    assert {name for label in labels for name in re.findall(r'alertname="(\w+)"', label)} == set(
        NAMES
    )
