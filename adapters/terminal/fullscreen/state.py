"""Whether there is a connection, as the user is told."""

import asyncio
from collections.abc import Callable

from adapters.client import Disconnected, Event, Reconnected, SessionEnded
from adapters.terminal import render
from adapters.terminal.render import Line

STEADY_AFTER = 3.0  # seconds that a connection without a login must last to count


class State:
    """A loss is reported once, and its end only when it is certain: a proxy may accept connections
    for servers that are down, and drop each at once. If the session was ended on another device,
    the user knows already, and the loss of its connection is not reported.

    tell: shows a line.
    """

    def __init__(self, tell: Callable[[Line], None]) -> None:
        self.connected = True
        self._tell = tell
        self._parting = False  # whether the server is about to close after SessionEnded
        self._told = False  # whether the loss was reported, so that its end will be
        self._timer: asyncio.TimerHandle | None = None

    def heed(self, event: Event) -> bool:
        """Whether the event was about the connection."""
        match event:
            case SessionEnded():
                self._parting = True
                return False
            case Disconnected():
                if self.connected:
                    self.connected = False
                    self._told = not self._parting
                    self._say(event)
                self._begin_anew()
            case Reconnected(resumed=True):
                self._back(event)
            case Reconnected():
                self._begin_anew()
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(STEADY_AFTER, self._back, event)
            case _:
                return False
        return True

    def _back(self, event: Event) -> None:
        self._begin_anew()
        if not self.connected:
            self.connected = True
            self._say(event)

    def _say(self, event: Event) -> None:
        line = render.event(event) if self._told else None
        if line is not None:
            self._tell(line)

    def _begin_anew(self) -> None:
        self._parting = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
