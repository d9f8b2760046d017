"""Messages to groups, of which each makes a copy for every member.

So that a few of them at once do not keep the event loop or the store from everybody else, only so
many copies are under way at a time: in one turn of the loop, or on their way into the store. Who
has to wait for that waits behind their own address.
"""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.fair_queue import FairQueue, LineOf, alone

AT_ONCE = 5_000  # copies; some 15 ms of the loop, or 150 ms of SQLite
COPIES_PER_FRAME = 16  # what a client may send in a second covers so many copies for each frame

Send = Callable[[], Awaitable[None] | None]


class FanOut:
    def __init__(self, line_of: LineOf = alone) -> None:
        self._under_way = 0
        self._done_after_turn = 0
        self._waiting: FairQueue[tuple[int, asyncio.Future[None]]] = FairQueue(line_of)

    def send(self, copies: int, origin: str, send: Send) -> Awaitable[None] | None:
        """Do `send`, now or in its turn. Returns (and raises) what it does, or an awaitable."""
        if self._waiting or not self._is_room_for(copies):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.put(origin, (copies, turn))
            return self._send_in_turn(turn, copies, send)
        self._under_way += copies
        return self._send(copies, send)

    def _is_room_for(self, copies: int) -> bool:
        return not self._under_way or self._under_way + copies <= AT_ONCE

    async def _send_in_turn(self, turn: "asyncio.Future[None]", copies: int, send: Send) -> None:
        await turn
        unfinished = self._send(copies, send)
        if unfinished is not None:
            await unfinished

    def _send(self, copies: int, send: Send) -> Awaitable[None] | None:
        unfinished = None
        try:
            unfinished = send()
        finally:
            if unfinished is None:
                self._done_with_turn(copies)
        return None if unfinished is None else self._finish(copies, unfinished)

    async def _finish(self, copies: int, unfinished: Awaitable[None]) -> None:
        try:
            await unfinished
        finally:
            self._done(copies)

    def _done_with_turn(self, copies: int) -> None:
        if not self._done_after_turn:
            asyncio.get_running_loop().call_soon(self._turn_over)
        self._done_after_turn += copies

    def _turn_over(self) -> None:
        copies, self._done_after_turn = self._done_after_turn, 0
        self._done(copies)

    def _done(self, copies: int) -> None:
        self._under_way -= copies
        while self._waiting and self._is_room_for(self._waiting.first()[0]):
            copies, turn = self._waiting.take()
            if not turn.done():  # nobody waits for it where the server is about to end
                self._under_way += copies
                turn.set_result(None)
