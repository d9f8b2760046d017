"""Reads a conversation on a terminal as a person does: by scrolling, page by page."""

from collections.abc import Sequence
from difflib import ndiff
from functools import partial

from tests.integration.terminal import Terminal

ALT_END, PAGE_UP, PAGE_DOWN = "\x1b[1;3F", "\x1b[5~", "\x1b[6~"
_AROUND = 3  # rows: a title or a bar, the status, and the input


def view(terminal: Terminal) -> list[str]:
    """The rows of the conversation that are in view."""
    inside = terminal.picture[1 : 1 - _AROUND]
    return [row.rpartition("│")[2].rstrip() for row in inside]


def columns(terminal: Terminal) -> int:
    """The width of the conversation."""
    return len(terminal.picture[0].rpartition("│")[2])


def shows_all(terminal: Terminal, rows: Sequence[str], *, back: bool) -> None:
    """Check that the conversation, from its end to its beginning, is these rows: each page is
    right, so none is missing, doubled or misplaced. back: page back to its end as well."""
    height = len(view(terminal))
    end = max(len(rows) - height, 0)
    terminal.press(ALT_END)
    _shows_pages(terminal, rows, PAGE_UP, [*range(end, 0, 1 - height), 0])
    if back:
        _shows_pages(terminal, rows, PAGE_DOWN, [*range(0, end, height - 1), end])
    terminal.press(ALT_END)
    _shows(terminal, rows[end:])


def shows_last(terminal: Terminal, rows: Sequence[str], pages: int) -> None:
    """Check that the last pages of the conversation are the end of these rows."""
    height = len(view(terminal))
    end = len(rows) - height
    terminal.press(ALT_END)
    _shows_pages(terminal, rows, PAGE_UP, range(end, 0, 1 - height)[:pages])
    terminal.press(ALT_END)
    _shows(terminal, rows[end:])


def _shows_pages(terminal: Terminal, rows: Sequence[str], key: str, tops: Sequence[int]) -> None:
    """tops: the first row of each page. The key is pressed between pages."""
    for number, top in enumerate(tops):
        if number:
            terminal.press(key)
        _shows(terminal, rows[top : top + len(view(terminal))])


def _shows(terminal: Terminal, rows: Sequence[str]) -> None:
    blank = [""] * (len(view(terminal)) - len(rows))
    wanted = [*blank, *rows]
    try:
        terminal.until_true(partial(_is_there, terminal, wanted), "a page")
    except AssertionError:
        raise AssertionError("\n".join(["", *ndiff(wanted, view(terminal))])) from None


def _is_there(terminal: Terminal, wanted: list[str]) -> bool:
    return view(terminal) == wanted
