"""Reads the files in infra/."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
INFRA = ROOT / "infra"
OPERATIONS = ROOT / "docs" / "operations.md"


def text_of(name: str) -> str:
    return (INFRA / name).read_text("utf-8")


@cache
def parsed(name: str) -> Any:
    """The content of a file, which callers must not change: it is parsed once."""
    return json.loads(text_of(name)) if name.endswith(".json") else yaml.safe_load(text_of(name))


def alerts() -> list[dict[str, Any]]:
    groups = parsed("prometheus/alerts.yml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """The dashboard's panels, without the headings between them."""
    return [panel for panel in parsed("grafana/chat.json")["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    """Everything that the alerts and the dashboard ask Prometheus."""
    yield from (alert["expr"] for alert in alerts())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])
    dashboard = parsed("grafana/chat.json")
    yield from (one["expr"] for one in dashboard["annotations"]["list"])
    yield from (one["definition"] for one in dashboard["templating"]["list"] if "definition" in one)


def unit(name: str) -> list[tuple[str, str]]:
    """A unit's settings, in order; a name can occur several times."""
    pairs = re.findall(r"^(\w+)=(.*)$", text_of(f"systemd/{name}"), re.MULTILINE)
    return [(key, value) for key, value in pairs]


def setting(name: str, key: str) -> str:
    """The one value that a unit has for this."""
    (value,) = [value for found, value in unit(name) if found == key]
    return value
