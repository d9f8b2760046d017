"""What a browser does, by hand: requests as bytes, and a WebSocket that may send anything."""

import contextlib
import socket
import ssl
from collections import deque
from email.message import Message
from email.parser import BytesParser

import attrs
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from entrypoints.services.ports import free_port
from tests.integration.raw_client import PATIENCE, RawClient
from tests.integration.server_process import ServerProcess


class WebServer(ServerProcess):
    """A server with a port for browsers."""

    def __init__(self, store: str, *options: str) -> None:
        self.web_port = free_port()
        super().__init__(store, "--web-port", str(self.web_port), *options)


def connected(
    port: int, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> socket.socket:
    """A connection from an address of this machine."""
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(address, 0))
    return tls.wrap_socket(sock, server_hostname="127.0.0.1") if tls else sock


def frame(opcode: Opcode, data: bytes, *, fin: bool = True, mask: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=mask)


def text(data: bytes) -> bytes:
    return frame(Opcode.TEXT, data)


class NoWebSocket(Exception):
    """The server has not opened a WebSocket."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class WebClient(RawClient):
    """A `RawClient` whose frames are text messages. `send_bytes` sends anything, even non-messages.

    headers: those of the request, instead of those of a client without a page. close_code: set
    once the server has closed.
    """

    def __init__(self, port: int, sock: socket.socket | None = None, **headers: str) -> None:
        """Raises NoWebSocket."""
        super().__init__(port, sock=sock or connected(port))
        self._protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/chat"))
        self._texts: deque[bytes] = deque()
        request = self._protocol.connect()
        for name, value in headers.items():
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        self._protocol.send_request(request)
        self.send_bytes(b"".join(self._protocol.data_to_send()))
        self._status = 0
        while not self._status and self._read():
            pass
        if self._status != 101:
            self.close()
            raise NoWebSocket(self._status)

    @property
    def close_code(self) -> int:
        """The server's code; 0 if it has sent none."""
        closed = self._protocol.close_rcvd
        return 0 if closed is None else closed.code

    def send_text(self, text_: str) -> None:
        self.send_bytes(text(text_.encode()))

    def read_raw_frame(self) -> bytes:
        while not self._texts:
            if not self._read():
                raise ConnectionResetError(f"the server closed with {self.close_code}")
        return self._texts.popleft()

    def code(self) -> int:
        """Wait for the server to close; return its code."""
        with contextlib.suppress(ConnectionError):
            while self._read():
                pass
        return self.close_code

    def _read(self) -> bool:
        """Read once; return whether more can come."""
        data = self._socket.recv(65_536)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._texts.append(bytes(event.data))
            elif isinstance(event, Response):
                self._status = event.status_code
        answers = b"".join(self._protocol.data_to_send())
        if answers:
            with contextlib.suppress(OSError):
                self._socket.sendall(answers)
        return bool(data)


@attrs.frozen
class Answer:
    status: int
    headers: Message
    body: bytes


def get(path: str = "/", *more: str, method: str = "GET", host: str = "localhost") -> bytes:
    """The bytes of a request; `more` are further headers."""
    return "\r\n".join((f"{method} {path} HTTP/1.1", f"Host: {host}", *more, "", "")).encode()


def read_answer(sock: socket.socket, *, with_body: bool = True) -> Answer:
    """The next answer on this connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(1)
        if not more:
            raise ConnectionResetError(data)
        data += more
    line, _, head = data.partition(b"\r\n")
    headers = BytesParser().parsebytes(head, headersonly=True)
    size = int(headers.get("Content-Length", 0)) if with_body else 0
    body = b""
    while len(body) < size:
        body += sock.recv(size - len(body)) or b"?"
    return Answer(int(line.split()[1]), headers, body)


def asked(port: int, request: bytes, **more: bool) -> Answer:
    """The answer to this request, on a connection of its own."""
    with connected(port) as sock:
        sock.sendall(request)
        return read_answer(sock, **more)
