"""What has come over a WebSocket, until somebody takes it as frames of the chat."""

from collections import deque
from collections.abc import Callable

from websockets.frames import CloseCode, Frame, Opcode
from websockets.server import ServerProtocol

from adapters.wire.framing import MAX_CLIENT_FRAME, FrameTooLong

PIECE = 2048  # bytes looked into at a time: 340 of the smallest frames, some 2 ms


class IncomingMessages:
    """See `adapters.gateway.link.Incoming`. A frame of the chat is a message of text, in one piece
    or several. Frames that are none, PINGs among them, are `blank`.

    fail: called when the protocol has something to say; it closes the connection where it has to.
    """

    __slots__ = ("_fail", "_parts", "_protocol", "_size", "_uncut", "add", "blank", "limit")

    terminator = b"\n"
    piece = PIECE

    def __init__(self, protocol: ServerProtocol, fail: Callable[[], None]) -> None:
        self._protocol = protocol
        self._fail = fail
        self._uncut: deque[bytes] = deque()
        self.add = self._uncut.append
        self._parts: list[bytes] = []  # of a message that has begun
        self._size = 0  # of what has begun, its frame that has not ended among it
        self.blank = 0
        self.limit = MAX_CLIENT_FRAME

    def held(self) -> int:
        return sum(map(len, self._uncut)) + self._size

    def is_empty(self) -> bool:
        return not self._uncut

    def is_within_frame(self) -> bool:
        return bool(self._size)

    def take(self) -> list[bytes]:
        data = self._uncut.popleft()
        if len(data) > PIECE:
            self._uncut.appendleft(data[PIECE:])
            data = data[:PIECE]
        self._size += len(data)
        self.blank = 0
        protocol = self._protocol
        protocol.receive_data(data)
        found: list[bytes] = []
        for event in protocol.events_received():
            assert isinstance(event, Frame)
            self._note(event, found)
        self._fail()
        if self._size > self.limit + PIECE:
            raise FrameTooLong(self.limit, found)
        return found

    def _note(self, frame: Frame, found: list[bytes]) -> None:
        if frame.opcode not in {Opcode.TEXT, Opcode.CONT}:
            self.blank += 1
            if frame.opcode is Opcode.BINARY:
                self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "text alone")
            return
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            self.blank += 1
            return
        message = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        if len(message) > self.limit:
            raise FrameTooLong(self.limit, found)
        if not _is_text(message):
            self._protocol.fail(CloseCode.INVALID_DATA, "not UTF-8")
        elif message:
            found.append(message)
        else:
            self.blank += 1

    def drop(self) -> None:
        self._uncut.clear()
        self._parts.clear()
        self._size = 0


def _is_text(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True
