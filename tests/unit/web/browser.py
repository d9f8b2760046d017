"""A browser, and the server's end of its connection, without a socket between them."""

import asyncio
import re
from typing import Any, cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.tcp.arrival import Proxies
from adapters.tcp.outboxes import Outboxes
from adapters.web.front import Front, Web
from adapters.web.http_requests import Access
from adapters.web.page import Page
from chat_domain.fairness.limits import UNLIMITED, Limits
from tests.unit.gateway.server import Server, settled

PAGE = Page()


class Transport(asyncio.Transport):
    """A transport that keeps what is written. stuck: nothing leaves it."""

    def __init__(self, peer: str) -> None:
        super().__init__()
        self.peer = peer
        self.written = b""
        self.waiting = b""
        self.stuck = self.paused = self.closed = self.aborted = self._has_ended = False
        self.high = 0
        self.protocol: asyncio.Protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self.peer, 1234) if name == "peername" else default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast("asyncio.Protocol", protocol)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def write(self, data: Any) -> None:
        if self.stuck:
            before = len(self.waiting)
            self.waiting += data
            if before <= self.high < len(self.waiting):
                self.protocol.pause_writing()
        else:
            self.written += data

    def unstick(self) -> None:
        self.stuck = False
        self.written, self.waiting = self.written + self.waiting, b""
        self.protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def close(self) -> None:
        """The transport ends once all that waits has left."""
        if not self.is_closing():
            self.closed = True
            if not self.waiting:
                self._end()

    def abort(self) -> None:
        if not self._has_ended:
            self.aborted = True
            self._end()

    def _end(self) -> None:
        self._has_ended = True
        asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)


class Site:
    """A node that serves browsers. left: the reasons of all refusals."""

    def __init__(self, limits: Limits = UNLIMITED, proxies: Proxies | None = None) -> None:
        self.server = Server(limits)
        self.left: list[DisconnectReason] = []
        gateway = self.server.gateway
        self.web = Web(
            page=PAGE,
            access=Access(),
            proxies=proxies or Proxies(),
            shared=gateway.shared,
            accept=gateway.accept,
            report=self._left,
            outboxes=Outboxes(self.server.gateway.shared.unsent),
        )

    def _left(self, why: DisconnectReason, address: str, detail: str) -> None:
        self.left.append(why)

    @property
    def strangers(self) -> int:
        return self.server.guard.origins.strangers

    def browser(self, peer: str = "192.0.2.1") -> "Browser":
        return Browser(Front(self.web), peer)


class Browser:
    def __init__(self, front: asyncio.Protocol, peer: str = "192.0.2.1") -> None:
        self.transport = Transport(peer)
        self.transport.protocol = front
        self.transport.protocol.connection_made(self.transport)
        self._client = ClientProtocol(parse_uri("ws://localhost/chat"))
        self._seen = 0

    def sends(self, data: bytes) -> None:
        assert not self.transport.paused, "the server does not read"
        self.transport.protocol.data_received(data)

    def asks(self, path: str = "/", *headers: str) -> None:
        self.sends(
            "\r\n".join((f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", "")).encode()
        )

    def statuses(self) -> list[int]:
        """The status codes of all answers so far."""
        return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+) ", self.transport.written)]

    async def opens(self, *headers: tuple[str, str]) -> None:
        """Do the handshake for a WebSocket."""
        request = self._client.connect()
        for name, value in headers:
            request.headers[name] = value
        self._client.send_request(request)
        self.sends(b"".join(self._client.data_to_send()))
        await settled()

    async def says(self, data: bytes) -> None:
        """Send a text message."""
        self.sends(Frame(Opcode.TEXT, data).serialize(mask=True))
        await settled()

    def hears(self) -> list[bytes]:
        """The messages since the last call."""
        self._client.receive_data(self.transport.written[self._seen :])
        self._seen = len(self.transport.written)
        frames = [event for event in self._client.events_received() if isinstance(event, Frame)]
        return [bytes(frame.data) for frame in frames if frame.opcode is Opcode.TEXT]

    @property
    def close_code(self) -> int:
        """The code with which the server has closed, or 0 if it has not."""
        self.hears()
        closed = self._client.close_rcvd
        return 0 if closed is None else closed.code
