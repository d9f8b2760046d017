"""A message of the user that is in flight, in its conversation."""

from collections.abc import Callable

import attrs

from adapters.client import Ack
from adapters.terminal import ports
from adapters.terminal.fullscreen.items import Text, behind
from adapters.terminal.fullscreen.window import Window


class Outgoing(ports.Outgoing):
    """The message stands at the end of the window until it is in the log, and then in its place.

    changed: called when it looks different.
    """

    def __init__(self, window: Window, text: Text, changed: Callable[[], None]) -> None:
        self._window = window
        self._text = text
        self._changed = changed
        window.add(text)

    def logged(self, ack: Ack) -> None:
        self._window.items.remove(self._text.key)
        self._window.add(attrs.evolve(self._text, key=(ack.at, 0), time_ms=ack.time_ms))
        self._changed()

    def refused(self, why: str) -> None:
        self._window.items.remove(self._text.key)
        key = behind(self._window.end)
        self._window.add(attrs.evolve(self._text, key=key, refused=why))
        self._changed()
