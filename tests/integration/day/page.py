"""How a conversation has to look, made from the log without any code of the line client."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import attrs

from adapters.client import Changed, Message

_BEFORE_TEXT = len("00:00 ✓✓ ")


@attrs.frozen
class Marks:
    """got, read: the positions up to which others have got and read it. new: the position behind
    which everything was new when the user came, if anything was."""

    got: int = 0
    read: int = 0
    new: int | None = None


def page(log: Sequence[Message | Changed], marks: Marks, columns: int) -> list[str]:
    """All rows, without blanks at their ends. log: in order."""
    rows: list[str] = []
    before: Message | Changed | None = None
    for entry in log:
        rows += _rules(before, entry, marks, columns)
        rows += _rows(entry, marks, columns)
        before = entry
    return rows


def _rules(
    before: Message | Changed | None, entry: Message | Changed, marks: Marks, columns: int
) -> Iterator[str]:
    day = _time(entry).date()
    if before is None or _time(before).date() != day:
        yield f"── {day:%A, %Y-%m-%d} ".ljust(columns, "─")
    if before is not None and marks.new is not None and before.at <= marks.new < entry.at:
        yield "── new ".ljust(columns, "─")


def _rows(entry: Message | Changed, marks: Marks, columns: int) -> Iterator[str]:
    time = f"{_time(entry):%H:%M}"
    if isinstance(entry, Changed):
        yield (
            f"{time}    * {'you have' if entry.own else f'{entry.sender_name} has'} "
            + {
                "created": f"made group {entry.new_name}",
                "joined": "joined group hikers",
            }[entry.what]
        )
        return
    said = f"{time} {_tick(entry, marks):<2} {entry.sender_name}: {entry.text}"
    for number, line in enumerate(said.split("\n")):
        indent = " " * _BEFORE_TEXT
        wrapped = textwrap.wrap(
            line,
            columns,
            initial_indent=indent if number else "",
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
        yield from wrapped or [""]


def _tick(entry: Message, marks: Marks) -> str:
    if not entry.own:
        return ""
    if entry.at <= marks.read:
        return "✔✔"
    return "✓✓" if entry.at <= marks.got else "✓"


def _time(entry: Message | Changed) -> datetime:
    return datetime.fromtimestamp(entry.time_ms / 1000, UTC)
