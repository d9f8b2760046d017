"""The part of the current conversation that the user sees, and what follows from that."""

from collections.abc import Callable
from datetime import datetime

from adapters.client import Where
from adapters.terminal.fullscreen import scrolling
from adapters.terminal.fullscreen.drawing import NEW, DrawContext, rows
from adapters.terminal.fullscreen.history_loader import HistoryLoader
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.fullscreen.window_manager import WindowManager
from adapters.terminal.render import Line


class Viewport:
    """me: the user's name, "" if nobody is logged in. sought: the words searched for. tell_read:
    called with a conversation and the position up to which it is read. changed: called when
    something looks different.
    """

    def __init__(
        self,
        manager: WindowManager,
        history: HistoryLoader,
        tell_read: Callable[[Where, int], None],
        now: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self.me = ""
        self.sought = ""
        self.height = 24  # rows of the conversation when it was last drawn
        self._columns = 80
        self._manager = manager
        self._history = history
        self._tell_read = tell_read
        self._now = now
        self._changed = changed

    def move(self, up: int) -> None:
        """Scroll up by so many rows; down if negative."""
        window = self._manager.current
        window.trouble = ""
        self._move(window, up)

    def go_to_end(self) -> None:
        window = self._manager.current
        window.anchor = window.found = None
        window.pending_scroll = 0
        if window.items.newer:
            window.unload()
            self._manager.raise_limit(window)
        self._changed()

    def seek(self, words: str, *, older: bool) -> str:
        window = self._manager.current
        if words != self.sought:
            self.sought, window.found = words, None
        found = scrolling.find(window, words, older=older)
        if found:
            window.missed = 0
            of = self._rows_of(window)
            scrolling.move(window, scrolling.rows_below_match(window, of) - self.height // 2, of)
        self._changed()
        where = "before" if older else "after"
        return "" if found else f"no match for {words!r} {where} this in what is loaded"

    def drawn(self, columns: int, height: int) -> list[Line]:
        """The rows of the current conversation, for a space of this size."""
        self._columns, self.height = columns, height
        window = self._manager.current
        shown = scrolling.visible(window, height, self._rows_of(window))
        if any(style == NEW for row in shown for style, _ in row):
            window.missed = 0
        return shown

    def after_drawing(self) -> None:
        """Fetch what may come into view next, and report what is read. To be called whenever the
        screen has been drawn."""
        window = self._manager.current
        if window.where is None or not self.me:
            return
        pending = window.pending_scroll
        if pending and self._missing_rows(window, pending) != pending:
            self._move(window, pending)  # some of what it waited for was fetched
        if not window.loaded:
            self._history.newest(window)
        elif not window.fetching:
            self._fetch_around(window)
        if window.loaded and window.read_up_to(scrolling.seen_up_to(window)):
            self._tell_read(window.where, window.read)
            self._changed()

    # Inside.

    def _move(self, window: Window, up: int) -> None:
        """Scroll as far as items are loaded; the rest follows once it is fetched."""
        lacking = self._missing_rows(window, up)
        more = window.items.older if up > 0 else window.items.newer
        window.pending_scroll = lacking if more else 0
        scrolling.move(window, up - lacking, self._rows_of(window))
        self._changed()

    def _missing_rows(self, window: Window, up: int) -> int:
        """How many rows of this way are not loaded; negative if the way is."""
        of = self._rows_of(window)
        if up < 0:
            return min(up + scrolling.rows_below(window, -up, of), 0)
        above = scrolling.rows_above(window, self.height + up, of) - self.height
        return max(up - max(above, 0), 0)

    def _rows_of(self, window: Window) -> scrolling.Rows:
        context = DrawContext(self._columns, self._now(), self.me, self.sought)
        return lambda index: rows(window, index, context)

    def _fetch_around(self, window: Window) -> None:
        around = 2 * self.height
        of = self._rows_of(window)
        if window.items.older and scrolling.rows_above(window, around, of) < around:
            self._history.older(window)
        elif window.items.newer and scrolling.rows_below(window, around, of) < around:
            self._history.newer(window)
