"""Bounds the ClientHello of a TLS handshake. No I/O.

OpenSSL makes room for 128 KiB as soon as nine bytes say that the message will be so long. All other
messages of a client have narrow bounds of OpenSSL's own. A server that asks for another ClientHello
(HelloRetryRequest) gets a second one.
"""

import ssl

LONGEST = 16 * 1024  # bytes; those of browsers have some 2 KiB
_RECORD_HEADER = 5  # bytes
_HEADER = 4  # bytes of a message: its type, and its length
_HANDSHAKE = 22  # type of a record
# What a HelloRetryRequest has in place of random bytes (RFC 8446, 4.1.3).
_ASKS_AGAIN = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


class BadClientHello(ssl.SSLError):
    """It is too long, does not end with its record, or begins with less than its length."""

    reason = "BAD_CLIENT_HELLO"


class ClientHello:
    def __init__(self) -> None:
        self._left = 0  # bytes still to come of one that has begun
        self._expected = True  # none has begun, and the server waits for one

    def check(self, record: bytes) -> None:
        """Check a record of the client's before OpenSSL gets it. Raises BadClientHello."""
        if record[0] != _HANDSHAKE or not (self._expected or self._left):
            return
        message = record[_RECORD_HEADER:]
        if self._expected:
            self._expected = False
            self._left = _HEADER + int.from_bytes(message[1:_HEADER])
            if len(message) < _HEADER or self._left > LONGEST:
                raise BadClientHello
        self._left -= len(message)
        if self._left < 0:
            raise BadClientHello

    def answered(self, answer: bytes) -> None:
        """The server has answered, perhaps by asking for another one."""
        self._expected = self._expected or _ASKS_AGAIN in answer
