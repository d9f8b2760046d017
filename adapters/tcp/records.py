"""The stream of TLS, cut into records: each is given to OpenSSL by itself. No I/O.

So it is seen which of them bring data, and OpenSSL's buffer, which never shrinks, has room for one.
"""

import ssl

BLANKS = 64  # records without data, beyond those with; a handshake has five, and new keys are rare
_HEADER = 5  # bytes: a type, a version, and the length of what follows in two
_TYPES = range(20, 24)
_LONGEST = 18 * 1024  # bytes that may follow, in any version


class TooManyBlanks(ssl.SSLError):
    """What comes is TLS's own: new keys without end, say, which cost 10 µs for 27 bytes."""

    reason = "TOO_MANY_BLANKS"


class Records:
    def __init__(self) -> None:
        self._blanks = 0
        self._come = b""
        self._start = 0  # of what was not taken yet

    def add(self, data: bytes) -> None:
        """This has come."""
        self._come = self._come[self._start :] + data
        self._start = 0

    def take(self) -> bytes | None:
        """The next record, None where it has not ended. Where none begins, all that has come:
        OpenSSL says what is wrong with it. Raises TooManyBlanks."""
        rest = len(self._come) - self._start
        if rest < _HEADER:
            return None
        kind, *_, high, low = self._come[self._start : self._start + _HEADER]
        size = high << 8 | low
        if kind not in _TYPES or size > _LONGEST:
            size = rest - _HEADER
        if rest < _HEADER + size:
            return None
        end = self._start + _HEADER + size
        record = self._come[self._start : end]
        self._start = end
        if end == len(self._come):
            self._come, self._start = b"", 0
        self._blanks += 1
        if self._blanks > BLANKS:
            raise TooManyBlanks
        return record

    def had_data(self) -> None:
        """The record that was taken last. It makes up for another one that had none."""
        self._blanks = max(0, self._blanks - 2)  # itself, and the other
