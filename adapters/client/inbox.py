"""Where events wait for the application."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from adapters.client.events import Event, Got, Presence, Read, SettingsChanged, Typing
from chat_domain.hints import HINTS

_DROPPED: tuple[type, ...] = (Presence, Got, Read, Typing, SettingsChanged, *HINTS)


class Inbox(AsyncIterator[Event]):
    """Events in the order in which they came.

    Over `limit`, hints are dropped and `has_room` is false, which keeps the client from taking what
    comes out of the log; it comes again later. `on_idle` is called when everything is read, and
    the application waits for more.
    """

    def __init__(self, limit: int, on_idle: Callable[[], None]) -> None:
        self._limit = limit
        self._on_idle = on_idle
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self._ended = False

    @property
    def has_room(self) -> bool:
        return len(self._events) < self._limit

    def put(self, event: Event) -> None:
        if isinstance(event, _DROPPED) and not self.has_room:
            return
        self._events.append(event)
        self._news.set()

    def end(self) -> None:
        """Let the iteration stop once what is here has been read."""
        self._ended = True
        self._news.set()

    async def __anext__(self) -> Event:
        while not self._events:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            self._on_idle()
            await self._news.wait()
        return self._events.popleft()
