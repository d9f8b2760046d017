"""The protocol of a connection on the browsers' port, until it becomes a WebSocket.

Rules:
1. A request is a head of at most LONGEST_HEAD bytes, without a body. It must arrive within WITHIN
   seconds of the connection or of the previous answer, which the client must also have taken by
   then.
2. Requests are answered one by one, each in a turn of its own, once the previous answer has left
   the process. At most LONGEST_HEAD bytes of early data wait.
3. A client counts as a stranger's connection, as on the other port, and pays for each answer, and
   for each read that completes no request. Once it has been here for as long as strangers may, its
   next request is its last.
4. A proxy, known by its address, states the client in the header X-Forwarded-For, unless it has
   done so by the PROXY protocol. Requests without the header are its own: it may ask for files, but
   not for a WebSocket.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import attrs

from adapters.gateway.disconnect_reasons import DisconnectReason, ReportDisconnect
from adapters.gateway.link import Link, Receiver
from adapters.gateway.shared import Shared
from adapters.gateway.unsent import HIGH_WATER
from adapters.tcp.arrival import Proxies
from adapters.tcp.connection import peer_of
from adapters.tcp.outboxes import Outboxes
from adapters.web.http_requests import (
    Access,
    Answer,
    HttpRequest,
    answer,
    forwarded_for,
    plain_text,
    read_head,
    shake_hands,
)
from adapters.web.link import WebLink
from adapters.web.page import Page
from adapters.web.visit import LONGEST_HEAD, Visit
from chat_domain.errors import TooManyConnections

WITHIN = 10.0  # seconds
_END = b"\r\n\r\n"
_FULL = plain_text(HTTPStatus.SERVICE_UNAVAILABLE, str(TooManyConnections()))
_TOO_LONG = plain_text(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"a request can have at most {LONGEST_HEAD} bytes"
)
_TOO_SLOW = plain_text(HTTPStatus.REQUEST_TIMEOUT, f"a request must arrive within {WITHIN:.0f} s")
_TOO_MANY = plain_text(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", **{"Retry-After": "10"})
_NO_HTTP = plain_text(HTTPStatus.BAD_REQUEST, "this is not HTTP")
_UNNAMED = plain_text(HTTPStatus.BAD_REQUEST, "a proxy must send X-Forwarded-For")
_CLOSING = plain_text(HTTPStatus.SERVICE_UNAVAILABLE, "the server is shutting down")


@attrs.frozen
class Web:
    """What all connections share. report: called for each refused client, as `ReportDisconnect`."""

    page: Page
    access: Access
    proxies: Proxies
    shared: Shared
    accept: Callable[[Link], Receiver]
    report: ReportDisconnect
    outboxes: Outboxes


class Front(asyncio.Protocol):
    __slots__ = (
        "_buffer",
        "_busy",
        "_peer",
        "_proxied",
        "_timer",
        "_transport",
        "_visit",
        "_web",
    )

    def __init__(self, web: Web, peer: str | None = None) -> None:
        """peer: the client's address, if the caller knows it better than the socket."""
        self._web = web
        self._peer = peer or ""
        self._proxied = False  # whether only the request will tell the client
        self._buffer = b""
        self._busy = False  # an answer has not left yet, or it waits for its turn
        self._visit: Visit | None = None
        self._timer: asyncio.TimerHandle | None = None

    # -- what happens to the connection ----------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # to learn when an answer has left
        if not self._peer:
            self._peer = peer_of(transport)
            self._proxied = self._peer in self._web.proxies
        self._restart_timer()
        if not self._proxied:
            self._enter()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._buffer += data
        if self._holds_too_much():
            self._refuse(_TOO_LONG)
        elif not self._busy:
            self._handle_buffered()

    def _holds_too_much(self) -> bool:
        if self._visit is None:  # a client still unknown may send one head, no more
            return len(self._buffer) > LONGEST_HEAD
        return self._visit.exceeds_memory(len(self._buffer))

    def pause_writing(self) -> None:
        self._busy = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._transport.is_closing():
            self._yield_turn()

    def eof_received(self) -> None:
        """asyncio closes the connection then."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # however it ends
        self._leave()

    # -- requests --------------------------------------------------------------------------

    def _handle_buffered(self) -> None:
        """Answer the first request, if it is complete."""
        end = self._buffer.find(_END)
        if end >= 0:
            end += len(_END)
            head, self._buffer = self._buffer[:end], self._buffer[end:]
            self._handle_request(head)
        elif self._buffer[:1] and not self._buffer[:1].isalpha():
            self._refuse(_NO_HTTP)  # TLS, for example
        elif self._buffer and self._visit is not None and self._visit.exceeds_rate_within_head():
            self._refuse(_TOO_MANY)

    def _handle_request(self, head: bytes) -> None:
        asked = read_head(head)
        if isinstance(asked, Answer):
            self._refuse(asked)
            return
        if self._proxied and not self._identify_client(asked):
            return
        assert self._visit is not None
        if self._visit.exceeds_rate(len(head)):
            self._refuse(_TOO_MANY)
            return
        refusal = self._web.access.refusal(asked)
        if refusal is not None:
            self._refuse(refusal)
        elif asked.wants_socket:
            self._open(asked)
        else:
            self._answer(asked)

    def _identify_client(self, asked: HttpRequest) -> bool:
        """Find out for which client a proxy asks; return whether that client may go on."""
        client = forwarded_for(asked.request.headers, self._web.proxies)
        if client is None and asked.wants_socket:
            self._refuse(_UNNAMED)
            return False
        client = client or peer_of(self._transport)
        if self._visit is None or client != self._peer:
            if self._visit is not None:
                self._visit.leave()
                self._visit = None
            self._peer = client
            return self._enter()
        return True

    def _answer(self, asked: HttpRequest) -> None:
        found = answer(self._web.page, asked)
        is_found = found.status < HTTPStatus.BAD_REQUEST
        keep_alive = is_found and asked.wants_keep_alive and self._may_keep_alive()
        self._send(found, with_body=asked.request.method != "HEAD", keep_alive=keep_alive)
        if keep_alive:
            self._restart_timer()
            if self._buffer and not self._busy:
                self._yield_turn()

    def _may_keep_alive(self) -> bool:
        assert self._visit is not None
        return not (self._web.shared.closing or self._visit.has_outstayed())

    def _yield_turn(self) -> None:
        """Let other clients have their turn before answering the next request."""
        self._busy = True
        self._transport.pause_reading()
        name = self._web.shared.guard.networks.name_of(self._peer)
        self._web.shared.slices.add(name, self._resume)

    def _resume(self) -> None:
        self._busy = False
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._handle_buffered()

    def _open(self, asked: HttpRequest) -> None:
        """Become a WebSocket."""
        web = self._web
        if web.shared.closing:
            self._refuse(_CLOSING)
            return
        self._transport.set_write_buffer_limits(high=HIGH_WATER)  # nothing waits for it to leave
        status, response = shake_hands(asked)
        web.shared.tally.web[status] += 1
        self._transport.write(response)
        if status is not HTTPStatus.SWITCHING_PROTOCOLS:
            self._transport.close()
            return
        self._leave(upgraded=True)
        link = WebLink(web.accept, web.outboxes, self._peer)
        self._transport.set_protocol(link)
        link.connection_made(self._transport)
        if self._buffer:
            link.data_received(self._buffer)

    # -- who asks, and for how long --------------------------------------------------------

    def _enter(self) -> bool:
        """Count the client; return whether there is room for it."""
        try:
            self._visit = Visit(self._web.shared, self._peer)
        except TooManyConnections:
            self._web.report(DisconnectReason.TOO_MANY_CONNECTIONS, self._peer, "")
            self._send(_FULL)
            return False
        return True

    def _leave(self, *, upgraded: bool = False) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._visit is not None:
            visit, self._visit = self._visit, None
            visit.leave(upgraded=upgraded)

    def _restart_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(WITHIN, self._on_timeout)

    def _on_timeout(self) -> None:
        if self._buffer and not self._busy:
            self._restart_timer()  # until the client has taken the answer
            self._refuse(_TOO_SLOW)
        else:
            self._transport.abort()

    # -- answers ---------------------------------------------------------------------------

    def _refuse(self, why: Answer) -> None:
        self._web.report(DisconnectReason.BAD_REQUEST, self._peer, why.body.decode().strip())
        self._send(why)

    def _send(self, what: Answer, *, with_body: bool = True, keep_alive: bool = False) -> None:
        self._web.shared.tally.web[what.status] += 1
        self._transport.write(what.encode(with_body=with_body, keep_alive=keep_alive))
        if not keep_alive:
            self._buffer = b""
            self._transport.close()
