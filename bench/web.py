"""A WebSocket that can be used like a socket on which a newline ends each frame."""

import secrets
import socket
from base64 import b64encode

from bench.frames import NEWLINE
from bench.measuring import connect

_HEAD = b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
_KEY = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
_NO_MASK = bytes(4)  # a mask that changes nothing costs the server as much as any other
_MASKED, _MEDIUM, _LONG = 0x80, 126, 127


class WebSocket:
    """Frames are sent whole, one per call, and received whole."""

    def __init__(self, port: int, number: int = 0) -> None:
        """number: see `connect`."""
        self._socket = connect(port, number)
        self.fileno, self.settimeout = self._socket.fileno, self._socket.settimeout
        self.close = self._socket.close
        self._socket.sendall(_HEAD + _KEY % b64encode(secrets.token_bytes(16)))
        said = b""
        while b"\r\n\r\n" not in said:
            said += self._socket.recv(4096) or b"closed\r\n\r\n"
        head, _, self._unread = said.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise ConnectionError(f"no WebSocket: {said!r}")

    def send(self, frame: bytes) -> None:
        text = frame.removesuffix(NEWLINE)
        size = len(text)
        if size < _MEDIUM:
            length = bytes((_MASKED | size,))
        else:
            length = bytes((_MASKED | _MEDIUM,)) + size.to_bytes(2, "big")
        self._socket.sendall(b"\x81" + length + _NO_MASK + text)

    sendall = send

    def recv(self, size: int) -> bytes:
        """At least one frame; nothing once the connection is closed."""
        found: list[bytes] = []
        while not found:
            data = self._socket.recv(size)
            if not data:
                return b""
            self._unread += data
            found = self._whole_frames()
        return NEWLINE.join([*found, b""])

    def _whole_frames(self) -> list[bytes]:
        found, data, at = [], self._unread, 0
        while len(data) - at >= 2:  # of the shortest header
            begin, size = at + 2, data[at + 1]
            if size == _MEDIUM:
                begin, size = at + 4, int.from_bytes(data[at + 2 : at + 4], "big")
            elif size == _LONG:
                begin, size = at + 10, int.from_bytes(data[at + 2 : at + 10], "big")
            if len(data) < begin + size:
                break
            at = begin + size
            found.append(data[begin:at])
        self._unread = data[at:]
        return found


Connection = socket.socket | WebSocket
