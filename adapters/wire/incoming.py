"""What has come on a stream of bytes, until somebody takes it as frames."""

from abc import abstractmethod
from collections import deque
from typing import ClassVar

from adapters.wire.framing import MAX_CLIENT_FRAME, FrameSplitter

PIECE = 16 * 1024  # bytes cut into frames at a time; what waits as frames takes much more memory


class Uncut:
    """Bytes that nobody has taken yet. See `adapters.gateway.link.Incoming`, of which this is what
    does not depend on how frames are cut."""

    __slots__ = ()

    piece: ClassVar[int]
    _uncut: deque[bytes]

    @abstractmethod
    def feed(self, data: bytes) -> list[bytes]: ...

    def add(self, data: bytes) -> None:
        self._uncut.append(data)

    def is_empty(self) -> bool:
        return not self._uncut

    def take(self) -> list[bytes]:
        data, piece = self._uncut.popleft(), self.piece
        if len(data) > piece:
            self._uncut.appendleft(data[piece:])
            data = data[:piece]
        return self.feed(data)


class IncomingBytes(FrameSplitter, Uncut):
    """See `adapters.gateway.link.Incoming`. A splitter that keeps what is not asked for yet."""

    __slots__ = ("_uncut",)

    piece = at_once = PIECE

    def __init__(self, limit: int = MAX_CLIENT_FRAME) -> None:
        super().__init__(limit)
        self._uncut: deque[bytes] = deque()

    def held(self) -> int:
        return sum(map(len, self._uncut)) + len(self._rest)

    def drop(self) -> None:
        self._uncut.clear()
        self._rest = b""
