"""A WebSocket as a link (see `adapters.gateway.link`)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from websockets.frames import CloseCode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from adapters.gateway.endings import Ending
from adapters.gateway.link import Link, Receiver
from adapters.tcp.connection import TransportLink
from adapters.tcp.outboxes import Outboxes
from adapters.web.messages import IncomingMessages

CLOSES_WITHIN = 2.0  # seconds that the other side has to say that it has closed as well
ENDED_ELSEWHERE = 4001  # the session: do not come back by yourself

_CODES = {
    Ending.CLIENT_CLOSED: CloseCode.NORMAL_CLOSURE,
    Ending.SHUTTING_DOWN: CloseCode.GOING_AWAY,
    Ending.MOVED: CloseCode.GOING_AWAY,
    Ending.FRAME_TOO_LONG: CloseCode.MESSAGE_TOO_BIG,
    Ending.TOO_MANY_CONNECTIONS: CloseCode.TRY_AGAIN_LATER,
    Ending.SERVER_ERROR: CloseCode.INTERNAL_ERROR,
    Ending.LOGGED_OUT: ENDED_ELSEWHERE,
    Ending.REPLACED: ENDED_ELSEWHERE,
}
_SHORT, _MEDIUM = 126, 65_536  # bytes, from which on a frame's length takes 2 and 8 bytes more
_TEXT = 0x81  # a whole message


class Socket(TransportLink):
    """Each frame of the chat is a message of text."""

    __slots__ = ("_patience", "_protocol")

    oldest_version: ClassVar = 2

    def __init__(
        self,
        answer: Callable[[Link], Receiver],
        outboxes: Outboxes,
        peer: str,
        protocol: ServerProtocol,
    ) -> None:
        super().__init__(answer, outboxes, peer, IncomingMessages(protocol, self._say_own))
        self._protocol = protocol
        self._patience: asyncio.TimerHandle | None = None

    def _framed(self, frames: Sequence[bytes]) -> bytes:
        return b"".join([piece for frame in frames for piece in (_header(len(frame)), frame)])

    def flush(self) -> None:
        if self._protocol.state is OPEN:
            super().flush()
        else:
            self._frames.clear()

    def _say_own(self) -> None:
        """Write what the protocol itself has to say: PONGs, and that it closes."""
        data = b"".join(self._protocol.data_to_send())
        if data and not self._transport.is_closing():
            self._transport.write(data)
        if self._protocol.close_expected():
            self._end()

    def eof_received(self) -> bool:
        self._transport.close()  # a WebSocket is not open on one side alone
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(exc)

    def close(self, why: Ending) -> None:
        self._why = self._why or why
        if self._protocol.state is OPEN:
            self.flush()
            self._protocol.send_close(_CODES.get(why, CloseCode.POLICY_VIOLATION), why)
            self._say_own()
        self._end()

    def _end(self) -> None:
        """Wait for the other side to close, which has to read what is left."""
        if self._patience is None and not self._transport.is_closing():
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(CLOSES_WITHIN, self._transport.close)


def _header(size: int) -> bytes:
    if size < _SHORT:
        return bytes((_TEXT, size))
    if size < _MEDIUM:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")
