"""The data that has arrived over a WebSocket, until it is taken as frames of the chat."""

from collections import deque
from collections.abc import Callable
from typing import ClassVar

import attrs
from websockets.exceptions import PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from adapters.wire.framing import BrokenStream, FrameTooLong
from adapters.wire.incoming import Uncut

SHORT, MEDIUM = 126, 65_536  # payloads from this size on need 2 or 8 more bytes for their length
_LEAST, _MASK = 2, 4  # bytes of every client's header
PIECE = 2048  # bytes parsed at a time: 340 of the smallest frames, about 2 ms
AT_ONCE = 384  # bytes parsed before others get their turn: 64 of the smallest frames


@attrs.frozen(slots=False)
class BadWebSocket(BrokenStream):
    """The client sent something that WebSockets, or those of this chat, do not allow."""

    error: ClassVar = "bad_websocket"
    why: str
    frames: list[bytes]

    def __str__(self) -> str:
        return self.why


class IncomingMessages(Uncut):
    """`adapters.gateway.link.Incoming`. A frame of the chat is one text message, in one or several
    parts. Parts that complete no message, empty messages, PINGs and PONGs count as `blank`.

    send_reply: called with the answers of the protocol itself, such as PONGs. on_close: called once
    the client has closed; nothing follows then. code: the close code, once the stream is broken.
    """

    __slots__ = (
        "_begun",
        "_on_close",
        "_protocol",
        "_send_reply",
        "_uncut",
        "_unparsed",
        "blank",
        "code",
    )

    piece = PIECE
    at_once = AT_ONCE

    def __init__(
        self,
        send_reply: Callable[[bytes], None],
        on_close: Callable[[], None],
    ) -> None:
        # The one that has done the handshake keeps the request, 20 KiB with long headers.
        # `ClientContext` sets the limit for messages later.
        self._protocol = ServerProtocol(state=OPEN, max_size=0)
        self._send_reply = send_reply
        self._on_close = on_close
        self._uncut: deque[bytes] = deque()
        self._begun: bytearray | None = None  # of a message in several parts
        self._unparsed = 0  # bytes of an unfinished frame, with its header
        self.blank = 0
        self.code: CloseCode | None = None

    @property
    def limit(self) -> int:
        return self._protocol.max_message_size or 0

    @limit.setter
    def limit(self, size: int) -> None:
        self._protocol.max_message_size = size

    def held(self) -> int:
        begun = 0 if self._begun is None else len(self._begun)
        return sum(map(len, self._uncut)) + begun + len(self._protocol.reader.buffer)

    def is_within_frame(self) -> bool:
        return self._begun is not None or bool(self._unparsed)

    def drop(self) -> None:
        self._uncut.clear()
        self._begun, self._unparsed = None, 0

    def feed(self, data: bytes) -> list[bytes]:
        protocol = self._protocol
        self._unparsed += len(data)
        protocol.receive_data(data)
        found: list[bytes] = []
        for event in protocol.events_received():
            assert isinstance(event, Frame)  # HTTP requests came before the handshake
            self._unparsed -= _size_of(event)
            self._add(event, found)
        answers = protocol.data_to_send()
        if protocol.parser_exc is not None:
            raise self._why_broken(protocol.parser_exc, found)
        if answers and protocol.state is OPEN:  # otherwise the link sends the close frame
            self._send_reply(b"".join(answers))
        return found

    def _add(self, frame: Frame, found: list[bytes]) -> None:
        """Handle a frame; put the message that it completes into `found`. Raises BadWebSocket."""
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._finish(bytes(frame.data), found)
        elif frame.opcode is Opcode.TEXT:
            self.blank += 1
            self._begun = bytearray(frame.data)
        elif frame.opcode is Opcode.CONT and self._begun is not None:
            self._begun += frame.data
            if frame.fin:
                message, self._begun = bytes(self._begun), None
                self._finish(message, found)
            else:
                self.blank += 1
        elif frame.opcode is Opcode.CLOSE:
            self._on_close()
        elif frame.opcode is Opcode.BINARY:
            why = "a message must be text, not binary"
            raise self._bad(CloseCode.UNSUPPORTED_DATA, why, found)
        else:
            self.blank += 1

    def _finish(self, message: bytes, found: list[bytes]) -> None:
        """Put a message into `found` if it is not empty. Raises BadWebSocket."""
        if not message.isascii():
            try:
                message.decode()
            except UnicodeDecodeError as error:
                why = f"a message must be UTF-8: {error.reason} at byte {error.start}"
                raise self._bad(CloseCode.INVALID_DATA, why, found) from None
        if message:
            found.append(message)
        else:
            self.blank += 1

    def _why_broken(self, error: Exception, found: list[bytes]) -> BrokenStream:
        if isinstance(error, PayloadTooBig):
            self.code = CloseCode.MESSAGE_TOO_BIG
            return FrameTooLong(self.limit, found)
        sent = self._protocol.close_sent  # the parser chose the close code
        code = CloseCode.PROTOCOL_ERROR if sent is None else CloseCode(sent.code)
        return self._bad(code, f"this is not WebSocket: {error}", found)

    def _bad(self, code: CloseCode, why: str, found: list[bytes]) -> BadWebSocket:
        self.code = code
        return BadWebSocket(why, found)


def _size_of(frame: Frame) -> int:
    """The size of a frame on the wire, in bytes, if its length was encoded as short as possible."""
    size = len(frame.data)
    length = 0 if size < SHORT else 2 if size < MEDIUM else 8
    return _LEAST + length + _MASK + size
