"""What has come on a stream of bytes, until somebody takes it as frames."""

from collections import deque

from adapters.wire.framing import MAX_CLIENT_FRAME, FrameSplitter

PIECE = 16 * 1024  # bytes cut into frames at a time; what waits as frames takes much more memory


class IncomingBytes:
    """See `adapters.gateway.link.Incoming`."""

    __slots__ = ("_splitter", "_uncut", "blank", "size")

    def __init__(self, limit: int = MAX_CLIENT_FRAME) -> None:
        self._splitter = FrameSplitter(limit)
        self._uncut: deque[bytes | memoryview] = deque()
        self.size = 0
        self.blank = 0

    @property
    def terminator(self) -> bytes:
        """What ends the client's frames, and is to end ours."""
        return self._splitter.terminator

    def add(self, data: bytes) -> None:
        self._uncut.append(data)
        self.size += len(data)

    def take(self) -> list[bytes]:
        data = self._uncut.popleft()
        if len(data) > PIECE:
            data = memoryview(data)
            self._uncut.appendleft(data[PIECE:])
            data = bytes(data[:PIECE])
        elif type(data) is memoryview:
            data = bytes(data)
        self.size -= len(data)
        frames = self._splitter.feed(data)
        self.blank = self._splitter.empty
        return frames

    def is_within_frame(self) -> bool:
        return self._splitter.is_within_frame

    def drop(self) -> None:
        self._uncut.clear()
        self.size = 0
