"""All conversations, and which of them the user looks at."""

from collections.abc import Callable, Sequence

from adapters.client import Where
from adapters.terminal.fullscreen.stretch import MOST, Stretch
from adapters.terminal.fullscreen.window import Window

MOST_WINDOWS = 1_000
MOST_LOADED = 50  # of which more than what can be fetched again is here


class Desk:
    """The first window is the client's own; the conversations follow in the order in which they
    came, which stays, so that their numbers do.

    switched: to be called with the window before and the one that is shown now.
    """

    def __init__(self) -> None:
        self.home = Window(None, "chat", Stretch(MOST))
        self.home.items.older = False
        self.current = self.home
        self.switched: Callable[[Window, Window], None] = lambda _before, _now: None
        self._windows: dict[Where, Window] = {}
        self._seen: dict[Where, None] = {}  # those that were looked at, the last one at the end

    @property
    def windows(self) -> Sequence[Window]:
        return [self.home, *self._windows.values()]

    @property
    def number(self) -> int:
        """Of the current window."""
        return self.windows.index(self.current)

    def find(self, where: Where) -> Window | None:
        return self._windows.get(where)

    def window(self, where: Where, name: str) -> Window:
        """The conversation's window, which is made if there is none. Beyond the most that there
        may be, the oldest goes that has nothing unread."""
        window = self._windows.get(where)
        if window is None:
            if len(self._windows) >= MOST_WINDOWS:
                self._drop_one()
            window = self._windows[where] = Window(where, name)
        return window

    def show(self, window: Window) -> None:
        """Make it the current one."""
        if window is self.current:
            return
        self.current.line = None
        self._turn_to(window)
        window.draw_line()
        self.grant(window)

    def grant(self, window: Window) -> None:
        """Let more of it be here, and of others less."""
        window.items.most = MOST
        if window.where is not None:
            self._seen.pop(window.where, None)
            self._seen[window.where] = None
            self._forget_some()

    def show_number(self, number: int) -> None:
        windows = self.windows
        if 0 <= number < len(windows):
            self.show(windows[number])

    def step(self, by: int) -> None:
        """To a neighbour; behind the last comes the first."""
        windows = self.windows
        self.show(windows[(self.number + by) % len(windows)])

    def next_unread(self) -> bool:
        """To the next conversation with unread texts, those first that name the user. False if
        there is none."""
        windows, here = self.windows, self.number
        ahead = [*windows[here + 1 :], *windows[:here]]
        unread = [window for window in ahead if window.unread]
        calling = [window for window in unread if window.called]
        for window in [*calling, *unread][:1]:
            self.show(window)
        return bool(unread)

    def close(self, where: Where) -> None:
        window = self._windows.pop(where, None)
        self._seen.pop(where, None)
        if window is self.current:
            self._turn_to(self.home)

    def empty(self) -> None:
        """Somebody else may log in now. What the client said in the first window stays."""
        self._turn_to(self.home)
        self._windows.clear()
        self._seen.clear()

    def begin_anew(self) -> None:
        """Positions mean something else from now on."""
        for window in self._windows.values():
            window.begin_anew()

    def _turn_to(self, window: Window) -> None:
        before, self.current = self.current, window
        self.switched(before, window)

    def _forget_some(self) -> None:
        while len(self._seen) > MOST_LOADED:
            where = next(iter(self._seen))
            del self._seen[where]
            if where in self._windows:
                self._windows[where].forget()

    def _drop_one(self) -> None:
        candidates = (window for window in self._windows.values() if window is not self.current)
        window = min(candidates, key=lambda one: (one.unread > 0, one.where in self._seen))
        if window.where is not None:
            self.close(window.where)
