"""How an application reads events, and thereby says which it is done with."""

from collections.abc import AsyncIterator, Awaitable, Callable

from adapters.client.errors import ConnectionLost, WrongServer
from adapters.client.events import Event, SessionEnded
from adapters.client.inbox import Inbox


class EventReader(AsyncIterator[Event]):
    """Events one by one. done: called with each event when the next one is requested.

    After a SessionEnded, if `is_in` says that nobody has logged in again by the next step, that
    step raises the refusal. lasting: it waits for another login instead.
    """

    def __init__(
        self,
        inbox: Inbox,
        done: Callable[[Event], Awaitable[None]] | None,
        is_in: Callable[[], bool],
        *,
        lasting: bool,
    ) -> None:
        self._inbox = inbox
        self._done = done
        self._is_in = is_in
        self._lasting = lasting

    async def __anext__(self) -> Event:
        last = self._inbox.last
        if last is not None and self._done is not None:
            await self._done(last)
        if isinstance(last, SessionEnded) and not self._lasting and not self._is_in():
            raise last.refusal
        try:
            return await self._inbox.next()
        except WrongServer:
            raise
        except ConnectionLost:  # the client was closed, or does not reconnect
            raise StopAsyncIteration from None
