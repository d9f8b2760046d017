"""When the terminal's bell rings."""

import asyncio
from collections.abc import Callable

from adapters.client import With
from adapters.terminal.fullscreen.items import Text
from adapters.terminal.fullscreen.window import Window

Ring = Callable[[], object]
QUIET_FOR = 1.0  # seconds after each ring
AT_WORK_FOR = 10.0  # seconds after a key, in which the user sees what comes into view


def _silent() -> None:
    """Used until there is a terminal."""


class Bell:
    """Rings for one-to-one messages and for texts that name the user, unless the conversation is
    muted or the user is looking at it."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self.ring: Ring = _silent
        self._rung = self._key = -AT_WORK_FOR

    def key(self) -> None:
        """The user has pressed a key."""
        self._key = self._now()

    def on_message(self, text: Text, window: Window, *, in_view: bool) -> None:
        concerns = isinstance(window.where, With) or text.mentions
        sees = in_view and self._now() - self._key < AT_WORK_FOR
        if not self.on or window.muted or not concerns or sees:
            return
        if self._now() - self._rung >= QUIET_FOR:
            self._rung = self._now()
            self.ring()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
