"""The bytes that have arrived on a stream, until they are taken as frames."""

from abc import abstractmethod
from collections import deque
from typing import ClassVar

from adapters.wire.framing import MAX_CLIENT_FRAME, FrameSplitter

PIECE = 16 * 1024  # bytes cut into frames at a time; frames take much more memory than bytes


class Uncut:
    """Bytes that nobody has taken yet: the part of `adapters.gateway.link.Incoming` that does not
    depend on how frames are cut."""

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
    """`adapters.gateway.link.Incoming`: a splitter that also keeps bytes until they are taken."""

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
