"""What docs/protocol.md says, as far as a program can read it."""

import json
import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text("utf-8")


def section(title: str) -> str:
    """The text below a heading, down to the next one of its rank."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the first table in a text, less the heading."""
    lines = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    first = next(index for index, row in enumerate(cells) if set(row[0]) == {"-"})
    columns = len(cells[first])
    return [row for row in cells[first + 1 :] if len(row) == columns]


def quoted(cell: str) -> set[str]:
    """The words of a cell that are names of the protocol."""
    return set(re.findall(r"`(\w+)`", cell))


def examples(text: str) -> list[dict[str, Any]]:
    """The frames that stand alone on a line, `> ` or not."""
    lines = re.findall(r"^(?:> )?(\{.*\})$", text, re.MULTILINE)
    return [json.loads(line) for line in lines]
