"""The dashboard, as Grafana will read it."""

from itertools import combinations
from typing import Any

from tests.unit.infra.files import panels, parsed

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def test_it_belongs_to_no_particular_grafana() -> None:
    """The operator who imports it chooses the data source."""
    dashboard = parsed("grafana/chat.json")
    assert dashboard["templating"]["list"][0]["type"] == "datasource"
    for panel in panels():
        assert panel["datasource"] == DATASOURCE
        assert all(target["datasource"] == DATASOURCE for target in panel["targets"])


def test_no_two_panels_are_in_one_place() -> None:
    """Nor do two have the same id."""
    everything = parsed("grafana/chat.json")["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    for one, other in combinations(everything, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )
