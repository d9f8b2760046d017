"""The answers as text for people. Names by others are shown without their control characters."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapters.terminal.clean import clean
from adapters.terminal.fullscreen.cells import width
from adapters.wire.terminal_safe import terminal_safe

Result = Mapping[str, Any]


def as_json(value: Result, encoding: str = "utf-8") -> str:
    """Escaped where a terminal would obey it, or its encoding may lack it, which is the same JSON
    to a script. So are bytes of a file's name that are no UTF-8."""
    text = json.dumps(value, ensure_ascii=encoding != "utf-8")
    return terminal_safe(text.encode(errors="backslashreplace")).decode()


def plain_text(name: str, result: Result) -> Iterator[str]:
    """The lines about what a command has done or found."""
    if name == "export":
        yield json.dumps(result, indent=2)  # escaped, so harmless on a terminal
    elif name == "upgrade-db":
        yield from result["report"] or ["this database is already upgraded"]
    elif table := next((rows for rows in _TABLES if rows in result), None):
        yield from _table(result[table], _TABLES[table])
        if result.get("next"):
            yield f"... and more, after id {result['next']}"
    else:
        yield _sentence(name, result)


def _sentence(name: str, result: Result) -> str:
    if name == "init-db":
        return "the tables are created" if result["made"] else "the tables already exist"
    facts = {name: clean(str(value)) for name, value in _facts(result)}
    if name == "groups keep":
        facts |= {when: _kept_for(result[when]) for when in ("days", "before")}
    if "was_online" in result:
        facts["was"] = "was" if result["was_online"] else "was not"
    return _SENTENCES[name].format(**facts)


def _kept_for(days: int) -> str:
    return f"for {days} days" if days else "forever"


def _facts(result: Result) -> Iterator[tuple[str, object]]:
    """The values in a result, and those in its parts: `group_name` is the `name` in `group`."""
    for name, value in result.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}_{inner}", its) for inner, its in value.items())
        else:
            yield name, value


_TABLES = {"nodes": "no nodes", "users": "no users", "groups": "no groups"}  # with texts for none
_SENTENCES = {
    "backup": "{file}: {bytes} bytes",
    "after-restore": "skipped the next {skipped} ids and ended all tokens ({tokens})",
    "add": "added {name} (id {id})",
    "set-password": "{name} (id {id}) has a new password and is logged out",
    "log-out": "{name} (id {id}) {was} online and is logged out",
    "disable": "{name} (id {id}) can no longer log in",
    "enable": "{name} (id {id}) can log in again",
    "delete": "deleted {name} (id {id})",
    "groups rename": "group {group_id} is now called {group_name}; before: {before}",
    "groups history": "users who join {group_name} (id {group_id}) see of its past: {shown}",
    "groups keep": "messages in {group_name} (id {group_id}) are kept {days}; before: {before}",
    "groups remove": "removed {user_name} (id {user_id}) from {group_name} (id {group_id})",
    "groups end": "ended {group_name} (id {group_id})",
    "log-level": "the log level is {level}; before: {before}",
    "broadcast": "shown to everybody who is online: {online}",
}


def _table(rows: Iterable[Result], none: str) -> Iterator[str]:
    """A line for each row, under a line with the names of the columns. none: if there are none."""
    rows = list(rows)
    if not rows:
        yield none
        return
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (
            cell + " " * (most - width(cell)) for cell, most in zip(line, widths, strict=True)
        )
        yield "  ".join(padded).rstrip()


def _cell(value: object) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(str(value))
