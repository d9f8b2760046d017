"""The rows around a conversation: the list of all conversations, the bar that replaces it on a
narrow screen, the title and the status. Pure functions."""

from collections.abc import Sequence

from adapters.terminal import render
from adapters.terminal.clean import clean
from adapters.terminal.fullscreen.cells import fitted, line_width, shortened
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.fullscreen.window_manager import WindowManager
from adapters.terminal.ports import Partner
from adapters.terminal.render import Line
from chat_domain.model import User

_MOST_COUNTED = 1_000  # unread texts, as the server counts them


def sidebar(manager: WindowManager, columns: int, height: int) -> list[Line]:
    """One row for each conversation, always including the current one. The edges say how many
    unread ones are beyond."""
    windows = manager.windows
    first = _first_shown(manager.number, len(windows), height)
    shown = list(enumerate(windows))[first : first + height]
    rows = [_row(number, window, manager, columns) for number, window in shown]
    if height > 2:  # noqa: PLR2004  # else there is no room for both edges
        above, below = windows[:first], windows[first + height :]
        _hint(rows, 0, "▲", above, columns)
        _hint(rows, len(rows) - 1, "▼", below, columns)
    return rows


def bar(manager: WindowManager, columns: int) -> Line:
    """The current conversation, and those with unread texts."""
    current = manager.current
    line: Line = [
        ("class:chosen", f" {manager.number} {shortened(clean(current.name), columns // 2)} ")
    ]
    unread = [
        (n, one) for n, one in enumerate(manager.windows) if one.unread and one is not current
    ]
    for number, window in sorted(unread, key=lambda one: not one[1].mentioned):
        line += [("", " "), (_style(window), f"{number} {_name_and_count(window)}")]
    return fitted(line, columns)


def title(window: Window, remarks: Sequence[str], columns: int) -> Line:
    """The row above a conversation."""
    about = "".join(f"  {remark}" for remark in remarks)
    return fitted([("class:title", f" {clean(window.name)}"), ("class:note", about)], columns)


def status(remarks: Sequence[str], columns: int) -> Line:
    """The row below a conversation."""
    return fitted([("", f" {' · '.join(remarks)}")], columns)


def prompt(user: User | None, partner: Partner | None, columns: int) -> str:
    """The prompt. If there is no room for both, it names the partner rather than the user."""
    room = columns * 2 // 5
    text = render.prompt(user, partner)
    if len(text) > room and partner is not None:
        text = render.prompt(None, partner).lstrip()
    return text if len(text) <= room else f"{shortened(text.rstrip('> '), room - 2)}> "


def count(unread: int) -> str:
    """In words, "" for none."""
    if unread >= _MOST_COUNTED:
        return f"{_MOST_COUNTED - 1}+"
    return str(unread) if unread else ""


def _row(number: int, window: Window, manager: WindowManager, columns: int) -> Line:
    style = "class:chosen" if window is manager.current else _style(window)
    unread = count(window.unread)
    room = columns - len("  0  ") - (len(unread) + 1 if unread else 0)
    name = shortened(clean(window.name), max(room, 1))
    line: Line = [(style, f"{number:>3} {name}")]
    gap = columns - line_width(line) - len(unread) - 1
    return fitted([*line, (style, " " * max(gap, 0) + unread + " ")], columns)


def _style(window: Window) -> str:
    if window.mentioned:
        return "class:mention"
    if window.unread and not window.muted:
        return "class:unread"
    return "class:gone" if window.left else ""


def _name_and_count(window: Window) -> str:
    return f"{clean(window.name)}({count(window.unread)})"


def _first_shown(number: int, windows: int, height: int) -> int:
    """The first row of the list, so that the current one is not at the edge if that is possible."""
    wanted = number - height // 2
    return max(min(wanted, windows - height), 0)


def _hint(rows: list[Line], at: int, sign: str, beyond: Sequence[Window], columns: int) -> None:
    unread = sum(1 for window in beyond if window.unread)
    if unread:
        rows[at] = fitted([("class:unread", f"{sign} {unread} unread")], columns)
