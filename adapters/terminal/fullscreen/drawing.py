"""The rows that show one item. Pure functions.

Text by others is cleaned here: its line breaks break a line, and nothing else in it controls the
terminal.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import attrs

from adapters.terminal.clean import clean
from adapters.terminal.fullscreen.cells import fitted, line_width, wrapped
from adapters.terminal.fullscreen.items import Item, Note, Text, Told
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.render import SENDER_COLOURS, Line

_LAST_SECOND = 253_370_000_000  # that a calendar can hold; a server's time may be any
_NOTE_INDENT = 4
_TAB = "    "


@attrs.frozen
class Look:
    """What all items are drawn with.

    columns: the width. now: the time, with the user's zone. me: the user's name. sought: the words
    searched for.
    """

    columns: int
    now: datetime
    me: str = ""
    sought: str = ""


def rows(window: Window, index: int, look: Look) -> list[Line]:
    """The item at this index, with the rules above it."""
    item = window.items[index]
    before = window.items[index - 1] if index else None
    return [*_above(window, item, before, look), *_body(window, item, look)]


def _above(window: Window, item: Item, before: Item | None, look: Look) -> Iterator[Line]:
    if window.where is None:
        return
    day = _time(item.time_ms, look).date()
    if before is None or _time(before.time_ms, look).date() != day:
        yield _rule(f"{day:%A, %Y-%m-%d}", look.columns, "class:date")
    if _is_first_new(window, item, before):
        yield _rule("new", look.columns, "class:new")


def _is_first_new(window: Window, item: Item, before: Item | None) -> bool:
    if window.line is None or item.key[0] <= window.line:
        return False
    if before is None:
        return not window.items.older
    return before.key[0] <= window.line


def _rule(text: str, columns: int, style: str) -> Line:
    line: Line = [(style, f"── {text} ")]
    return fitted([*line, (style, "─" * max(columns - line_width(line), 0))], columns)


def _body(window: Window, item: Item, look: Look) -> list[Line]:
    if isinstance(item, Note):
        return wrapped(item.line, look.columns, _NOTE_INDENT)
    time = f"{_time(item.time_ms, look):%H:%M} "
    if isinstance(item, Told):
        start: Line = [("class:time", time), ("class:note", f"   * {clean(item.sentence)}")]
        return wrapped(start, look.columns, len(time) + 5)
    start = [("class:time", time), *_gutter(window, item)]
    return wrapped([*start, *_said(item, look)], look.columns, len(time) + 3)


def _gutter(window: Window, item: Text) -> Line:
    if not item.own:
        return [("", "   ")]
    sign, style = window.mark(item).value
    return [(style, f"{sign:<3}")]


def _said(item: Text, look: Look) -> Line:
    sender = "class:me" if item.own else f"class:sender{item.sender_id % SENDER_COLOURS}"
    if item.mentions:
        sender = "class:mention"
    why: Line = [("class:error", f"  ({clean(item.refused)})")] if item.refused else []
    if item.deleted:
        return [(sender, clean(item.sender_name)), ("class:note", ": (deleted)")]
    text = _highlighted(_clean_lines(item.text), look, own=item.own)
    return [(sender, clean(item.sender_name)), ("", ": "), *text, *why]


def _clean_lines(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\t", _TAB).split("\n")
    return "\n".join(map(clean, lines))


def _highlighted(text: str, look: Look, *, own: bool) -> Line:
    styles = []
    if look.sought:
        styles.append((re.compile(re.escape(look.sought), re.IGNORECASE), "class:found"))
    if look.me and not own:
        styles.append((naming(clean(look.me)), "class:mention"))
    return list(_coloured(text, styles))


def naming(name: str) -> re.Pattern[str]:
    """A pattern that finds a name as a word, ignoring case."""
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _coloured(
    text: str, styles: Iterable[tuple[re.Pattern[str], str]]
) -> Iterator[tuple[str, str]]:
    """The pieces of a text with their styles; where matches overlap, the first wins."""
    found = [(match, style) for pattern, style in styles for match in pattern.finditer(text)]
    end = 0
    for match, style in sorted(found, key=lambda one: one[0].start()):
        if match.start() < end or not match.group():
            continue
        yield "", text[end : match.start()]
        yield style, match.group()
        end = match.end()
    yield "", text[end:]


def _time(time_ms: int, look: Look) -> datetime:
    seconds = min(max(time_ms / 1000, 0), _LAST_SECOND)
    return datetime.fromtimestamp(seconds, UTC).astimezone(look.now.tzinfo)
