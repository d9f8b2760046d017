"""The queue of events for the application."""

import asyncio
from collections import deque
from collections.abc import Callable

from adapters.client.events import Event, Got, Notice, Presence, Read, SettingsChanged, Typing

_HINTS: tuple[type, ...] = (Presence, Got, Read, Typing, SettingsChanged, Notice)


class Inbox:
    """Events in the order of arrival.

    From `limit` events on, further hints are dropped. on_idle: called when everything is read and
    the application waits for more. last: the event read last.
    """

    def __init__(self, limit: int, on_idle: Callable[[], None]) -> None:
        self._limit = limit
        self._on_idle = on_idle
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self.last: Event | None = None
        self._ended: Exception | None = None

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> None:
        if isinstance(event, _HINTS) and len(self._events) >= self._limit:
            return
        self._events.append(event)
        self._news.set()

    def end(self, why: Exception) -> None:
        """Let `next` raise this once all events are read."""
        self._ended = why
        self._news.set()

    async def next(self) -> Event:
        while not self._events:
            if self._ended is not None:
                raise self._ended
            self._news.clear()
            self._on_idle()
            await self._news.wait()
        self.last = self._events.popleft()
        return self.last
