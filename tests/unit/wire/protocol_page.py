"""Parsing docs/protocol.md, as far as a program can."""

import json
import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text("utf-8")


def section(title: str) -> str:
    """The text below a heading, down to the next heading of the same or a higher level."""
    found = re.search(
        rf"^##(#?) {re.escape(title)}\n(.*?)(?=^##\1 |^## |\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
    assert found, title
    return found[2]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the first table in a text, without the heading."""
    table = re.search(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert table
    _heading, _line, *found = table[0].splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found]


def quoted(cell: str) -> set[str]:
    """The words of a cell that are names of the protocol."""
    return set(re.findall(r"`(\w+)`", cell))


def examples(text: str) -> list[dict[str, Any]]:
    """The frames that stand alone on a line, without those behind a `> `."""
    lines = re.findall(r"^(\{.*\})$", text, re.MULTILINE)
    return [json.loads(line) for line in lines]
