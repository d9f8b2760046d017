"""Where events wait for the application."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from adapters.client.events import Event, Presence
from chat_domain.hints import HINTS

_DROPPED: tuple[type, ...] = (Presence, *HINTS)


class Inbox(AsyncIterator[Event]):
    """Events in the order in which they came.

    Over `limit`, presence and other hints are dropped and `has_room` is false, which keeps the
    client from acknowledging messages; so the server sends at most one more window of them.
    `on_room` is called when there is room again.
    """

    def __init__(self, limit: int, on_room: Callable[[], None]) -> None:
        self._limit = limit
        self._on_room = on_room
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
            await self._news.wait()
        was_full = not self.has_room
        event = self._events.popleft()
        if was_full and self.has_room:
            self._on_room()
        return event
