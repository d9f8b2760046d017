"""How an application reads what happens, and by that says what it is done with."""

from collections.abc import AsyncIterator, Awaitable, Callable

from adapters.client.errors import ConnectionLost, WrongServer
from adapters.client.events import Event, SessionEnded
from adapters.client.inbox import Inbox


class Reading(AsyncIterator[Event]):
    """Events one after the other. `done` is called with each when the next one is asked for.

    Where a session has ended, and `is_in` says that nobody has logged in again by the next step,
    that raises why. lasting: it waits for another login instead.
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
        except ConnectionLost:  # the client was closed, or shall not reconnect
            raise StopAsyncIteration from None
