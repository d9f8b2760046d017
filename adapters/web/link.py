"""A WebSocket as a link (see `adapters.gateway.link`)."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from websockets.frames import Close, CloseCode, Frame, Opcode

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Link, Receiver
from adapters.tcp.connection import TransportLink
from adapters.tcp.outboxes import Outboxes
from adapters.web.messages import MEDIUM, SHORT, IncomingMessages

CLOSES_WITHIN = 2.0  # seconds for the client to close as well
ENDED_ELSEWHERE = 4001  # the session ended: its token is no longer valid

_CODES = {
    DisconnectReason.CLIENT_CLOSED: CloseCode.NORMAL_CLOSURE,
    DisconnectReason.SHUTTING_DOWN: CloseCode.GOING_AWAY,
    DisconnectReason.MOVED: CloseCode.GOING_AWAY,
    DisconnectReason.FRAME_TOO_LONG: CloseCode.MESSAGE_TOO_BIG,
    DisconnectReason.TOO_MANY_CONNECTIONS: CloseCode.TRY_AGAIN_LATER,
    DisconnectReason.SERVER_ERROR: CloseCode.INTERNAL_ERROR,
    DisconnectReason.LOGGED_OUT: ENDED_ELSEWHERE,
}
_TEXT = 0x81  # the first byte of a frame with a whole text message
_CLOSE = b"\x88"


class WebLink(TransportLink):
    """Each frame of the chat is one text message.

    What the server sends is framed here, since that takes only a length in front of it.
    """

    __slots__ = ("_messages", "_timer")

    oldest_version: ClassVar = 2

    def __init__(
        self,
        accept: Callable[[Link], Receiver],
        outboxes: Outboxes,
        peer: str,
    ) -> None:
        self._messages = IncomingMessages(self._send_reply, self._client_has_closed)
        super().__init__(accept, outboxes, peer, self._messages)
        self._timer: asyncio.TimerHandle | None = None

    def _framed(self, frame: bytes) -> bytes:
        return _header(len(frame)) + frame

    def _send_reply(self, answers: bytes) -> None:
        if not self._closing:
            self._transport.write(answers)
            if self._stuck:
                self.pause_writing()

    def _client_has_closed(self) -> None:
        """End the input in the next turn, since the messages before are not handled yet."""
        asyncio.get_running_loop().call_soon(self._end_input)

    def _end_input(self) -> None:
        if not self._closing:
            self._receiver.input_ended()

    def _input(self) -> Callable[[bytes], None]:
        return self._received

    def _received(self, data: bytes) -> None:
        if not self._closing:
            self._receiver.received(data)
        elif data.startswith(_CLOSE):  # a client that confirms our close, and sends nothing more
            self._hang_up()

    def eof_received(self) -> bool:
        if self._closing:
            self._hang_up()
            return True
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def close(self, reason: DisconnectReason) -> None:
        """Send a close frame, and wait for the client's, for CLOSES_WITHIN at most."""
        if self._closing:
            return
        self._reason = reason
        self.flush()
        if self._closing:  # cut off for being too far behind
            return
        self.resume_reading()
        self._closing = True
        self.incoming.drop()
        code = self._messages.code or _CODES.get(reason, CloseCode.POLICY_VIOLATION)
        self._transport.write(
            Frame(Opcode.CLOSE, Close(code, reason).serialize()).serialize(mask=False)
        )
        if reason is DisconnectReason.CLIENT_CLOSED:
            self._hang_up()
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(CLOSES_WITHIN, self._hang_up)


def _header(size: int) -> bytes:
    if size < SHORT:
        return bytes((_TEXT, size))
    if size < MEDIUM:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")
