"""All conversations, and the one that the user is looking at."""

from collections.abc import Callable, Sequence

from adapters.client import Where
from adapters.terminal.fullscreen.scrollback import MOST, Scrollback
from adapters.terminal.fullscreen.window import Window

MOST_WINDOWS = 1_000
MOST_LOADED = 50  # whose fetched entries are kept


class WindowManager:
    """The first window is the client's own. The conversations follow in the order in which they
    appeared, so that their numbers stay the same.

    switched: called with the previous window and the one now shown.
    """

    def __init__(self) -> None:
        self.home = Window(None, "chat", Scrollback(MOST))
        self.home.items.older = False
        self.current = self.home
        self.switched: Callable[[Window, Window], None] = lambda _before, _now: None
        self._windows: dict[Where, Window] = {}
        self._recently_shown: dict[Where, None] = {}  # those that were shown, the latest last
        self._user_id = 0  # who has logged in last
        self._drafts: dict[Where, str] = {}  # of that user's conversations that were closed

    @property
    def windows(self) -> Sequence[Window]:
        return [self.home, *self._windows.values()]

    @property
    def number(self) -> int:
        """The number of the current window."""
        return self.windows.index(self.current)

    def find(self, where: Where) -> Window | None:
        return self._windows.get(where)

    def window(self, where: Where, name: str) -> Window:
        """The conversation's window, which is created if missing. If there are too many, the oldest
        without unread texts is dropped first."""
        window = self._windows.get(where)
        if window is None:
            if len(self._windows) >= MOST_WINDOWS:
                self._drop_one()
            draft = self._drafts.pop(where, "")
            window = self._windows[where] = Window(where, name, draft=draft)
        return window

    def show(self, window: Window) -> None:
        """Make a window the current one."""
        if window is self.current:
            return
        self.current.drop_rule()
        self._switch_to(window)
        window.set_rule()
        self.raise_limit(window)

    def raise_limit(self, window: Window) -> None:
        """Let a window hold more items, and the least recently shown fewer."""
        window.items.most = MOST
        if window.where is not None:
            self._recently_shown.pop(window.where, None)
            self._recently_shown[window.where] = None
            self._unload_some()

    def show_number(self, number: int) -> None:
        windows = self.windows
        if 0 <= number < len(windows):
            self.show(windows[number])

    def step(self, by: int) -> None:
        """Go to a neighbour; the last and the first window are neighbours."""
        windows = self.windows
        self.show(windows[(self.number + by) % len(windows)])

    def next_unread(self) -> bool:
        """Go to the next conversation with unread texts, preferably one that names the user. False
        if there is none."""
        windows, here = self.windows, self.number
        ahead = [*windows[here + 1 :], *windows[:here]]
        unread = [window for window in ahead if window.unread]
        calling = [window for window in unread if window.mentioned]
        for window in [*calling, *unread][:1]:
            self.show(window)
        return bool(unread)

    def close(self, where: Where) -> None:
        window = self._windows.pop(where, None)
        self._recently_shown.pop(where, None)
        if window is self.current:
            self._switch_to(self.home)

    def on_login(self, user_id: int) -> None:
        """A user has logged in. If it is the same user again, their drafts come back."""
        self.close_all()
        if user_id != self._user_id:
            self._user_id = user_id
            self._drafts.clear()

    def close_all(self) -> None:
        """Drop all conversations, but not their drafts. The first window keeps its items."""
        self._switch_to(self.home)
        self._drafts |= {where: one.draft for where, one in self._windows.items() if one.draft}
        self._windows.clear()
        self._recently_shown.clear()

    def reset_positions(self) -> None:
        """Positions have a new meaning."""
        for window in self._windows.values():
            window.reset_positions()

    def _switch_to(self, window: Window) -> None:
        before, self.current = self.current, window
        self.switched(before, window)

    def _unload_some(self) -> None:
        while len(self._recently_shown) > MOST_LOADED:
            where = next(iter(self._recently_shown))
            del self._recently_shown[where]
            if where in self._windows:
                self._windows[where].unload()

    def _drop_one(self) -> None:
        candidates = (window for window in self._windows.values() if window is not self.current)
        window = min(
            candidates, key=lambda one: (one.unread > 0, one.where in self._recently_shown)
        )
        if window.where is not None:
            self.close(window.where)
