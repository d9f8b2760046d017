"""Whether there is a connection, as the user is told."""

from collections.abc import Callable

from adapters.client import Disconnected, Event, Reconnected, SessionEnded
from adapters.terminal import render
from adapters.terminal.render import Line


class ConnectionStatus:
    """A loss is reported once, until it ends. If the session was ended on another device, the user
    knows already, and the loss of its connection is not reported.

    tell: shows a line.
    """

    def __init__(self, tell: Callable[[Line], None]) -> None:
        self.connected = True
        self._tell = tell
        self._parting = False  # whether the server is about to close after SessionEnded
        self._told = False  # whether the loss was reported, so that its end will be

    def on_event(self, event: Event) -> bool:
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
                self._parting = False
            case Reconnected():
                self.connected, self._parting = True, False
                self._say(event)
            case _:
                return False
        return True

    def _say(self, event: Event) -> None:
        line = render.event(event) if self._told else None
        if line is not None:
            self._tell(line)
