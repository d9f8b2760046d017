"""Messages and windows for tests of the line client on the whole terminal."""

from datetime import UTC, datetime

from adapters.client import Message, With
from adapters.terminal.fullscreen.drawing import DrawContext, rows
from adapters.terminal.fullscreen.items import Text, text_of
from adapters.terminal.fullscreen.scrolling import Rows
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.render import Line, plain

NOW = datetime(2026, 11, 20, 18, 4, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
LI = With(15)


def message(at: int, words: str = "", *, own: bool = False) -> Message:
    """A message between zhang san, who is user 13, and li si."""
    sender = (13, "zhang san") if own else (15, "li si")
    to = 15 if own else 13
    return Message(at, f"c{at}", *sender, words or f"number {at}", NOW_MS, to, own=own)


def text(at: int, words: str = "", *, own: bool = False, mentions: bool = False) -> Text:
    return text_of(message(at, words, own=own), mentions=mentions)


def window(*positions: int, older: bool = False) -> Window:
    """The window of the conversation with li si, with li si's messages at these positions."""
    one = Window(LI, "li si")
    one.items.most = 1_000
    for at in positions:
        one.add(text(at))
    one.items.older = older
    return one


def drawn_in(one: Window, columns: int = 40, sought: str = "") -> Rows:
    look = DrawContext(columns, NOW, "zhang san", sought)
    return lambda index: rows(one, index, look)


def shown(lines: list[Line]) -> list[str]:
    return [plain(line).rstrip() for line in lines]
