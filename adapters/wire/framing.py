"""Cutting a stream of bytes into frames."""

import re
from typing import ClassVar

import attrs

MAX_CLIENT_FRAME = 65_536  # bytes, without the terminator
MAX_SERVER_FRAME = 131_072

_NUL, _NEWLINE, _CR = b"\0\n\r"


class BrokenStream(Exception):
    """The stream cannot be followed any further.

    error: its name in the protocol's table of errors. frames: those completed before.
    """

    error: ClassVar[str]
    frames: list[bytes]


@attrs.frozen(slots=False)
class FrameTooLong(BrokenStream):
    """The stream contains a frame longer than the limit, in bytes."""

    error: ClassVar = "frame_too_long"
    limit: int
    frames: list[bytes]

    def __str__(self) -> str:
        return f"a frame can have at most {self.limit} bytes"


@attrs.frozen(slots=False)
class HttpRequest(BrokenStream):
    """The stream begins like a request of HTTP.

    A browser sends one to whatever port a page names, with lines in it that the page chooses. These
    would be frames, from an address that the page's own server does not have.
    """

    error: ClassVar = "http_request"
    frames: list[bytes]

    def __str__(self) -> str:
        return "this is HTTP, and not the port for browsers"


_is_http_request = re.compile(rb"[!-~]+ [!-~]+ HTTP/[0-9.]+\r?").fullmatch


class FrameSplitter:
    """Collects bytes and returns completed frames.

    A NUL or a newline ends a frame; a carriage return before a newline belongs to the terminator.
    Empty frames are left out. It makes no difference how the bytes were split in transit.

    terminator: the byte that ended the first frame; a newline until then.
    blank: how many empty frames were left out; callers may set it back to 0.
    limit: the most bytes of a frame, without its terminator; may be changed at any time.
    """

    __slots__ = ("_first", "_rest", "blank", "limit", "terminator")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rest: bytes | bytearray = b""  # a bytearray unless empty
        self._first = True
        self.terminator = b"\n"
        self.blank = 0

    def is_within_frame(self) -> bool:
        """Whether a frame has begun and not yet ended."""
        return bool(self._rest)

    def has_ended_frame(self) -> bool:
        """Whether the first frame has ended, so that `terminator` is final."""
        return not self._first

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes; return the frames that they complete. Raises FrameTooLong and HttpRequest; the
        splitter must not be used after that."""
        if self._first:
            self._note_terminator(data)
        if self._rest:
            if _NUL not in data and _NEWLINE not in data:
                return self._wait_for_end(data)
            data = b"".join((self._rest, data))
            self._rest = b""
        if _CR in data:  # an int, since a search for bytes takes seven times as long
            data = data.replace(b"\r\n", b"\n")
        if _NUL not in data:
            frames = data.split(b"\n")
        elif _NEWLINE not in data:
            frames = data.split(b"\0")
        else:
            frames = data.replace(b"\n", b"\0").split(b"\0")
        if rest := frames.pop():
            self._rest = bytearray(rest)
        if len(data) > self.limit:
            self._check(frames)
        if all(frames):
            return frames
        found = list(filter(None, frames))
        self.blank += len(frames) - len(found)
        return found

    def _wait_for_end(self, data: bytes) -> list[bytes]:
        """Keep a piece of an unfinished frame. To search all earlier pieces again with each new one
        would take 12 ms for a frame of 64 KiB that consists of carriage returns."""
        self._rest += data
        if len(self._rest) > self.limit:
            self._check([])
        return []

    def _note_terminator(self, data: bytes) -> None:
        ends = [at for at in (data.find(b"\0"), data.find(b"\n")) if at >= 0]
        if ends:
            end = min(ends)
            self.terminator = data[end : end + 1]
            self._first = False
            if _is_http_request(b"".join((self._rest, data[:end]))):
                raise HttpRequest([])

    def _check(self, frames: list[bytes]) -> None:
        for index, frame in enumerate(frames):
            if len(frame) > self.limit:
                raise FrameTooLong(self.limit, [frame for frame in frames[:index] if frame])
        # A carriage return at the end may turn out to be half of a terminator.
        if len(self._rest.removesuffix(b"\r")) > self.limit:
            raise FrameTooLong(self.limit, [frame for frame in frames if frame])
