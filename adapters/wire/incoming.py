"""What has come on a stream of bytes, until somebody takes it as frames."""

from collections import deque

from adapters.wire.framing import MAX_CLIENT_FRAME, FrameSplitter

PIECE = 16 * 1024  # bytes cut into frames at a time; what waits as frames takes much more memory


class IncomingBytes(FrameSplitter):
    """See `adapters.gateway.link.Incoming`. A splitter that keeps what is not asked for yet."""

    __slots__ = ("_uncut",)

    piece = at_once = PIECE

    def __init__(self, limit: int = MAX_CLIENT_FRAME) -> None:
        super().__init__(limit)
        self._uncut: deque[bytes] = deque()

    def add(self, data: bytes) -> None:
        self._uncut.append(data)

    def held(self) -> int:
        return sum(map(len, self._uncut)) + len(self._rest)

    def is_empty(self) -> bool:
        return not self._uncut

    def take(self) -> list[bytes]:
        data = self._uncut.popleft()
        if len(data) > PIECE:
            self._uncut.appendleft(data[PIECE:])
            data = data[:PIECE]
        return self.feed(data)

    def drop(self) -> None:
        self._uncut.clear()
        self._rest = b""
