"""The stream of TLS, cut into records, so that OpenSSL gets one at a time. No I/O.

This shows which records carry data, and keeps OpenSSL's buffer, which never shrinks, small.
"""

import ssl

BLANKS = 64  # records without data beyond those with; a handshake has five, key updates are rare
_HEADER = 5  # bytes: a type, a version, and two for the length of the rest
_TYPES = range(20, 24)
_LONGEST = 18 * 1024  # bytes of the rest, in any version


class TooManyBlanks(ssl.SSLError):
    """The peer sends records without data: endless key updates, say, at 10 µs for 27 bytes."""

    reason = "TOO_MANY_BLANKS"


class Records:
    def __init__(self) -> None:
        self._blanks = 0
        self._buffer = b""
        self._start = 0  # of the bytes not taken yet

    def add(self, data: bytes) -> None:
        """Add bytes that have arrived."""
        self._buffer = self._buffer[self._start :] + data
        self._start = 0

    def take(self) -> bytes | None:
        """The next record, None if it is incomplete. If the bytes do not begin a record, all of
        them: OpenSSL will say what is wrong. Raises TooManyBlanks."""
        rest = len(self._buffer) - self._start
        if rest < _HEADER:
            return None
        kind, *_, high, low = self._buffer[self._start : self._start + _HEADER]
        size = high << 8 | low
        if kind not in _TYPES or size > _LONGEST:
            size = rest - _HEADER
        if rest < _HEADER + size:
            return None
        end = self._start + _HEADER + size
        record = self._buffer[self._start : end]
        self._start = end
        if end == len(self._buffer):
            self._buffer, self._start = b"", 0
        self._blanks += 1
        if self._blanks > BLANKS:
            raise TooManyBlanks
        return record

    def had_data(self) -> None:
        """The record taken last had data. It makes up for one that had none."""
        self._blanks = max(0, self._blanks - 2)  # its own count, and another
