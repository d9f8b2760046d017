"""Which rows of a conversation are in view, and how the view moves. Pure functions.

The view is anchored to its lowest item rather than to a row number, so that it stays in place when
items arrive or are fetched, or the terminal is resized.
"""

from collections.abc import Callable

from adapters.terminal.fullscreen.drawing import FOUND
from adapters.terminal.fullscreen.items import Text
from adapters.terminal.fullscreen.window import Anchor, Window
from adapters.terminal.render import Line

Rows = Callable[[int], list[Line]]
"""The rows of the item at an index."""


def visible(window: Window, height: int, rows: Rows) -> list[Line]:
    """The last rows in view, at most `height`. If there are fewer, the view first moves down."""
    shown = _upwards(window, height, rows)
    if len(shown) < height and window.anchor is not None:
        move(window, len(shown) - height, rows)
        shown = _upwards(window, height, rows)
    return shown


def move(window: Window, up: int, rows: Rows) -> None:
    """Move the view up by so many rows, down if negative. At the end it starts to follow."""
    if not len(window.items):
        return
    index, below = _bottom(window, rows)
    below += up
    while index > 0 and below >= len(rows(index)):
        below -= len(rows(index))
        index -= 1
    while below < 0 and index < len(window.items) - 1:
        index += 1
        below += len(rows(index))
    below = min(max(below, 0), len(rows(index)) - 1)
    window.anchor = Anchor(window.items[index].key, below)
    if below == 0 and index == len(window.items) - 1 and not window.items.newer:
        window.anchor = None


def rows_above(window: Window, most: int, rows: Rows) -> int:
    """How many rows there are from the lower edge of the view upwards, `most` at most."""
    return len(_upwards(window, most, rows))


def rows_below(window: Window, most: int, rows: Rows) -> int:
    """How many rows there are below the view, about `most` at most."""
    if not len(window.items):
        return 0
    index, count = _bottom(window, rows)
    while index < len(window.items) - 1 and count < most:
        index += 1
        count += len(rows(index))
    return count


def seen_up_to(window: Window) -> int:
    """The highest position in view."""
    if window.anchor is None:
        return window.items.last or 0
    return window.anchor.key[0]


def find(window: Window, sought: str, *, older: bool) -> bool:
    """Move to the next text with these words, from the last one found, else from the lower edge of
    the view. False if no loaded item has them."""
    items = window.items
    if not len(items):
        return False
    start = window.found or (window.anchor.key if window.anchor else items[len(items) - 1].key)
    index = items.index(start)
    ahead = range(index, -1, -1) if older else range(index, len(items))
    for one in ahead:
        item = items[one]
        if isinstance(item, Text) and item.key != window.found and _has(item, sought):
            window.found = item.key
            window.anchor = Anchor(item.key)
            return True
    return False


def rows_below_match(window: Window, rows: Rows) -> int:
    """Of the last item found, how many rows are below the last one with the words."""
    assert window.found is not None
    some = rows(window.items.index(window.found))
    matching = [any(style == FOUND for style, _ in row) for row in some]
    return matching[::-1].index(True) if True in matching else 0


def _has(item: Text, sought: str) -> bool:
    return not item.deleted and sought.casefold() in item.text.casefold()


def _upwards(window: Window, height: int, rows: Rows) -> list[Line]:
    if not len(window.items):
        return []
    index, below = _bottom(window, rows)
    shown: list[Line] = []
    while index >= 0 and len(shown) < height:
        some = rows(index)
        shown = some[: len(some) - below] + shown
        index, below = index - 1, 0
    return shown[-height:] if height > 0 else []


def _bottom(window: Window, rows: Rows) -> tuple[int, int]:
    """The index of the lowest item in view, and how many of its rows are below the view."""
    last = len(window.items) - 1
    if window.anchor is None:
        return last, 0
    index = window.items.index(window.anchor.key)
    return index, min(window.anchor.below, len(rows(index)) - 1)
