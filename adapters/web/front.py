"""The protocol of a connection on the web's port: requests for files, until one is for a WebSocket.

Rules:
1. A request's head has LONGEST_HEAD bytes at most, and HEAD_WITHIN seconds from its connection, or
   from the answer before it.
2. What a client sends behind a request before it has its answer is not read: the connection ends.
3. Who asks counts as a connection of its address from the beginning, as one that shakes hands.
4. A proxy, by its address, says who the client is: by a header of the PROXY protocol in front of
   everything, otherwise by the last address in X-Forwarded-For.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import cast

import attrs
from websockets.http11 import Request
from websockets.server import ServerProtocol

from adapters.gateway.endings import Ending
from adapters.gateway.link import Link, Receiver
from adapters.tcp.arrival import Network
from adapters.tcp.connection import peer_of
from adapters.tcp.outboxes import Outboxes
from adapters.tcp.proxy_protocol import BadHeader, read_beginning
from adapters.tcp.tls import Door, Leave
from adapters.web.asking import (
    CHAT,
    LONGEST_HEAD,
    Access,
    Answer,
    answer,
    forwarded_for,
    in_words,
)
from adapters.web.page import Page
from adapters.web.socket import Socket
from adapters.wire.framing import MAX_CLIENT_FRAME

HEAD_WITHIN = 10.0  # seconds
_SIGNATURES = b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"
_END = b"\r\n\r\n"


@attrs.frozen
class Web:
    """What all connections have in common. proxies: who may say who their clients are."""

    page: Page
    access: Access
    proxies: Collection[Network]
    door: Door
    welcome: Callable[[Link], Receiver]
    outboxes: Outboxes


class Front(asyncio.Protocol):
    def __init__(self, web: Web, peer: str | None = None) -> None:
        self._web = web
        self._peer = peer or ""
        self._head = b""
        self._socket: Socket | None = None
        self._leave: Leave | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._is_proxied = False
        self._is_named = False  # by a header of the PROXY protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = self._peer or peer_of(transport)
        self._leave = self._web.door.handshake_begins(self._peer)
        if self._leave is None:
            self._transport.abort()
            return
        self._is_proxied = _is_among(self._web.proxies, self._peer)
        self._wait()

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(HEAD_WITHIN, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.data_received(data)
            return
        if self._transport.is_closing():
            return
        self._head += data
        if self._is_proxied and not self._is_named and not self._take_proxy_header():
            return
        end = self._head.find(_END)
        if 0 <= end <= LONGEST_HEAD:
            self._asked(self._head[: end + len(_END)], self._head[end + len(_END) :])
        elif end > LONGEST_HEAD or len(self._head) > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too long")
        elif not self._head[:1].isalpha() and self._head[:1] not in b"\r\n":
            self._refuse(HTTPStatus.BAD_REQUEST, "this is not HTTP")

    def _take_proxy_header(self) -> bool:
        """Whether what is left is the client's own."""
        if not any(self._head.startswith(one[: len(self._head)]) for one in _SIGNATURES):
            self._is_named = True  # it begins with the request
            return True
        try:
            beginning = read_beginning(self._head)
        except BadHeader:
            self._transport.abort()
            return False
        if beginning is None:
            return False
        self._is_named, self._head = True, beginning.rest
        if beginning.client is not None:
            self._is_proxied, self._peer = False, beginning.client
        return bool(self._head)

    def _asked(self, head: bytes, rest: bytes) -> None:
        protocol = ServerProtocol(max_size=MAX_CLIENT_FRAME)
        protocol.receive_data(head)
        events = protocol.events_received()
        if not events:
            self._refuse(HTTPStatus.BAD_REQUEST, "this is not HTTP/1.1")
            return
        request = cast("Request", events[0])
        if self._patience is not None:
            self._patience.cancel()
        refusal = self._judge(request)
        if refusal is not None:
            self._answer(refusal, request, stays=False)
        elif _wants_socket(request):
            self._open(protocol, request, rest)
        else:
            found = answer(self._web.page, request.method, request.path, request.headers)
            is_fine = request.protocol == "HTTP/1.1" and found.status < HTTPStatus.BAD_REQUEST
            stays = is_fine and not rest
            self._head = b""
            self._answer(found, request, stays=stays)
            if stays:
                self._wait()

    def _judge(self, request: Request) -> Answer | None:
        """Why somebody may not ask at all."""
        hosts = request.headers.get_all("Host")
        if request.protocol == "HTTP/1.1" and len(hosts) != 1:
            return in_words(HTTPStatus.BAD_REQUEST, "one Host is needed")
        if hosts and not self._web.access.check_host(hosts[0]):
            why = "this server is not called so: --origin"
            return in_words(HTTPStatus.MISDIRECTED_REQUEST, why)
        return None

    def _open(self, protocol: ServerProtocol, request: Request, rest: bytes) -> None:
        origins, host = request.headers.get_all("Origin"), request.headers["Host"]
        if not all(self._web.access.check_origin(origin, host) for origin in origins):
            why = "pages from elsewhere may not use this chat: --origin"
            self._answer(in_words(HTTPStatus.FORBIDDEN, why), request, stays=False)
            return
        response = protocol.accept(request)
        protocol.send_response(response)
        self._transport.write(b"".join(protocol.data_to_send()))
        if protocol.handshake_exc is not None:
            self._transport.close()
            return
        if self._is_proxied:
            self._peer = forwarded_for(request.headers) or self._peer
        self._end_waiting()
        web = self._web
        self._socket = Socket(web.welcome, web.outboxes, self._peer, protocol)
        self._socket.connection_made(self._transport)
        if rest:
            self._socket.data_received(rest)

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._transport.write(in_words(status, why).written(with_body=True, stays=False))
        self._transport.close()

    def _answer(self, found: Answer, request: Request, *, stays: bool) -> None:
        with_body = request.method != "HEAD"
        self._transport.write(found.written(with_body=with_body, stays=stays))
        if not stays:
            self._transport.close()

    def _end_waiting(self, trouble: Ending | None = None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        if self._leave is not None:
            leave, self._leave = self._leave, None
            leave(trouble, "")

    # -- what else happens to a connection ---------------------------------------------------

    def eof_received(self) -> bool:
        return self._socket.eof_received() if self._socket is not None else False

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_waiting()
        if self._socket is not None:
            self._socket.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._socket is not None:
            self._socket.pause_writing()

    def resume_writing(self) -> None:
        if self._socket is not None:
            self._socket.resume_writing()


def _wants_socket(request: Request) -> bool:
    upgrades = ",".join(request.headers.get_all("Upgrade")).lower()
    return request.path.partition("?")[0] == CHAT and "websocket" in upgrades


def _is_among(networks: Collection[Network], peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in networks)
