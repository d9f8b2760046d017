"""The rows that show one item. Pure functions.

Text by others is cleaned here: its line breaks break a line, and nothing else in it controls the
terminal.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs

from adapters.terminal.clean import clean
from adapters.terminal.fullscreen.cells import fitted, line_width, wrapped
from adapters.terminal.fullscreen.items import ChangeItem, Item, Note, Text
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.render import SENDER_COLOURS, Line, local_time

NEW = "class:new"  # the style of the rule above what is new
FOUND = "class:found"  # the style of what was searched for
_NOTE_INDENT = 4
_TAB = "    "


@attrs.frozen
class DrawContext:
    """What all items are drawn with.

    columns: the width. now: the time, with the user's zone. me: the user's name. sought: the words
    searched for.
    """

    columns: int
    now: datetime
    me: str = ""
    sought: str = ""


def rows(window: Window, index: int, context: DrawContext) -> list[Line]:
    """The item at this index, with the rules above it."""
    item = window.items[index]
    before = window.items[index - 1] if index else None
    return [*_above(window, item, before, context), *_body(window, item, context)]


def _above(window: Window, item: Item, before: Item | None, context: DrawContext) -> Iterator[Line]:
    if window.where is None:
        return
    day = local_time(item.time_ms, context.now).date()
    if before is None or local_time(before.time_ms, context.now).date() != day:
        yield _rule(f"{day:%A, %Y-%m-%d}", context.columns, "class:date")
    if _is_first_new(window, item, before):
        yield _rule("new", context.columns, NEW)


def _is_first_new(window: Window, item: Item, before: Item | None) -> bool:
    if window.rule_at is None or item.key[0] <= window.rule_at:
        return False
    if before is None:
        return not window.items.older
    return before.key[0] <= window.rule_at


def _rule(text: str, columns: int, style: str) -> Line:
    line: Line = [(style, f"── {text} ")]
    return fitted([*line, (style, "─" * max(columns - line_width(line), 0))], columns)


def _body(window: Window, item: Item, context: DrawContext) -> list[Line]:
    if isinstance(item, Note):
        return wrapped(item.line, context.columns, _note_indent(item.line))
    time = f"{local_time(item.time_ms, context.now):%H:%M} "
    if isinstance(item, ChangeItem):
        start: Line = [("class:time", time), ("class:note", f"   * {clean(item.sentence)}")]
        return wrapped(start, context.columns, len(time) + 5)
    start = [("class:time", time), *_gutter(window, item)]
    return wrapped([*start, *_said(item, context)], context.columns, len(time) + 3)


def _note_indent(line: Line) -> int:
    """If its first piece is a column of its own, nothing goes on below that."""
    first, *others = line
    return line_width([first]) if others and first[1].endswith(" ") else _NOTE_INDENT


def _gutter(window: Window, item: Text) -> Line:
    if not item.own:
        return [("", "   ")]
    sign, style = window.mark(item).value
    return [(style, f"{sign:<3}")]


def _said(item: Text, context: DrawContext) -> Line:
    sender = "class:me" if item.own else f"class:sender{item.sender_id % SENDER_COLOURS}"
    if item.mentions:
        sender = "class:mention"
    why: Line = [("class:error", f"  ({clean(item.refused)})")] if item.refused else []
    if item.deleted:
        return [(sender, clean(item.sender_name)), ("class:note", ": (deleted)")]
    text = _highlighted(_clean_lines(item.text), context, own=item.own)
    return [(sender, clean(item.sender_name)), ("", ": "), *text, *why]


def _clean_lines(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\t", _TAB).split("\n")
    return "\n".join(map(clean, lines))


def _highlighted(text: str, context: DrawContext, *, own: bool) -> Line:
    styles = []
    if context.sought:
        styles.append((re.compile(re.escape(context.sought), re.IGNORECASE), FOUND))
    if context.me and not own:
        styles.append((naming(clean(context.me)), "class:mention"))
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
