"""The part of the current conversation that the user sees, and what follows from that."""

from collections.abc import Callable
from datetime import datetime

from adapters.client import Where
from adapters.terminal.fullscreen import scrolling
from adapters.terminal.fullscreen.desk import Desk
from adapters.terminal.fullscreen.drawing import Look, rows
from adapters.terminal.fullscreen.past import Past
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.render import Line


class Looking:
    """me: the user's name, "" if nobody is logged in. sought: the words searched for. tell_read:
    called with a conversation and the position up to which it is read. changed: called when
    something looks different.
    """

    def __init__(
        self,
        desk: Desk,
        past: Past,
        tell_read: Callable[[Where, int], None],
        now: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self.me = ""
        self.sought = ""
        self.height = 24  # rows of the conversation when it was last drawn
        self._columns = 80
        self._desk = desk
        self._past = past
        self._tell_read = tell_read
        self._now = now
        self._changed = changed

    def move(self, up: int) -> None:
        """Scroll up by so many rows; down if negative."""
        window = self._desk.current
        window.trouble = ""
        self._move(window, up)

    def go_to_end(self) -> None:
        window = self._desk.current
        window.anchor = window.found = None
        window.owed = 0
        if window.items.newer:
            window.forget()
            self._desk.grant(window)
        self._changed()

    def seek(self, words: str, *, older: bool) -> str:
        window = self._desk.current
        if words != self.sought:
            self.sought, window.found = words, None
        found = scrolling.find(window, words, older=older)
        if found:
            scrolling.move(window, -(self.height // 2), self._rows_of(window))
        self._changed()
        where = "before" if older else "after"
        return "" if found else f"no match for {words!r} {where} this in what is loaded"

    def drawn(self, columns: int, height: int) -> list[Line]:
        """The rows of the current conversation, for a space of this size."""
        self._columns, self.height = columns, height
        window = self._desk.current
        return scrolling.visible(window, height, self._rows_of(window))

    def attend(self) -> None:
        """Fetch what may come into view next, and report what is read. To be called whenever the
        screen has been drawn."""
        window = self._desk.current
        if window.where is None or not self.me:
            return
        if window.owed and self._lacking(window, window.owed) != window.owed:
            self._move(window, window.owed)  # some of what it waited for was fetched
        if not window.loaded:
            self._past.newest(window)
        elif not window.fetching:
            self._fetch_around(window)
        if window.loaded and window.read_up_to(scrolling.seen_up_to(window)):
            self._tell_read(window.where, window.read)
            self._changed()

    # Inside.

    def _move(self, window: Window, up: int) -> None:
        """Scroll as far as items are loaded; the rest follows once it is fetched."""
        lacking = self._lacking(window, up)
        more = window.items.older if up > 0 else window.items.newer
        window.owed = lacking if more else 0
        scrolling.move(window, up - lacking, self._rows_of(window))
        self._changed()

    def _lacking(self, window: Window, up: int) -> int:
        """How many rows of this way are not loaded; negative if the way is."""
        of = self._rows_of(window)
        if up < 0:
            return min(up + scrolling.rows_below(window, -up, of), 0)
        above = scrolling.rows_above(window, self.height + up, of) - self.height
        return max(up - max(above, 0), 0)

    def _rows_of(self, window: Window) -> scrolling.Rows:
        look = Look(self._columns, self._now(), self.me, self.sought)
        return lambda index: rows(window, index, look)

    def _fetch_around(self, window: Window) -> None:
        around = 2 * self.height
        of = self._rows_of(window)
        if window.items.older and scrolling.rows_above(window, around, of) < around:
            self._past.older(window)
        elif window.items.newer and scrolling.rows_below(window, around, of) < around:
            self._past.newer(window)
