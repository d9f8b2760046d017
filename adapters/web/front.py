"""The protocol of a connection on the browsers' port, until it becomes a WebSocket.

Rules:
1. A request is a head of at most LONGEST_HEAD bytes, without a body. It must arrive within WITHIN
   seconds of the connection or of the previous answer, which the client must also have taken by
   then.
2. Requests are answered one by one, each in a turn of its own, once the previous answer has left
   the process. At most LONGEST_HEAD bytes of early data wait.
3. A client counts as a stranger's connection, as on the other port, and pays for each answer. Once
   it has been here for as long as strangers may, its next request is its last.
4. A proxy, known by its address, states the client in the header X-Forwarded-For, unless it has
   done so by the PROXY protocol. Requests without the header are its own: it may ask for files, but
   not for a WebSocket.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import attrs

from adapters.gateway.disconnect_reasons import DisconnectReason
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
    in_words,
    read_head,
    shake_hands,
)
from adapters.web.link import WebLink
from adapters.web.page import Page
from adapters.web.visit import LONGEST_HEAD, Visit
from chat_domain.errors import TooManyConnections

WITHIN = 10.0  # seconds
_END = b"\r\n\r\n"
_FULL = in_words(HTTPStatus.SERVICE_UNAVAILABLE, str(TooManyConnections()))
_TOO_LONG = in_words(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"a request can have at most {LONGEST_HEAD} bytes"
)
_TOO_SLOW = in_words(HTTPStatus.REQUEST_TIMEOUT, f"a request must arrive within {WITHIN:.0f} s")
_TOO_MANY = in_words(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", **{"Retry-After": "10"})
_NO_HTTP = in_words(HTTPStatus.BAD_REQUEST, "this is not HTTP")
_UNNAMED = in_words(HTTPStatus.BAD_REQUEST, "a proxy must send X-Forwarded-For")
_CLOSING = in_words(HTTPStatus.SERVICE_UNAVAILABLE, "the server is shutting down")


@attrs.frozen
class Web:
    """What all connections share. left: called for each refused client, with why, and a detail."""

    page: Page
    access: Access
    proxies: Proxies
    shared: Shared
    welcome: Callable[[Link], Receiver]
    left: Callable[[DisconnectReason, str, str], None]
    outboxes: Outboxes
    within: float = WITHIN


class Front(asyncio.Protocol):
    __slots__ = (
        "_begun",
        "_busy",
        "_patience",
        "_peer",
        "_proxied",
        "_transport",
        "_visit",
        "_web",
    )

    def __init__(self, web: Web, peer: str | None = None) -> None:
        """peer: the client's address, if the caller knows it better than the socket."""
        self._web = web
        self._peer = peer or ""
        self._proxied = False  # whether only the request will tell the client
        self._begun = b""
        self._busy = False  # an answer has not left yet, or it waits for its turn
        self._visit: Visit | None = None
        self._patience: asyncio.TimerHandle | None = None

    # -- what happens to the connection ----------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # to learn when an answer has left
        if not self._peer:
            self._peer = peer_of(transport)
            self._proxied = self._peer in self._web.proxies
        self._wait()
        if not self._proxied:
            self._enter()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._begun += data
        if self._holds_too_much():
            self._refuse(_TOO_LONG)
        elif not self._busy:
            self._go_on()

    def _holds_too_much(self) -> bool:
        if self._visit is None:  # a client still unknown may send one head, no more
            return len(self._begun) > LONGEST_HEAD
        return self._visit.holds(len(self._begun))

    def pause_writing(self) -> None:
        self._busy = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._transport.is_closing():
            self._rest()

    def eof_received(self) -> None:
        """asyncio closes the connection then."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # however it ends
        self._leave()

    # -- requests --------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Answer the first request, if it is complete."""
        end = self._begun.find(_END)
        if end >= 0:
            end += len(_END)
            head, self._begun = self._begun[:end], self._begun[end:]
            self._take(head)
        elif self._begun[:1] and not self._begun[:1].isalpha():
            self._refuse(_NO_HTTP)  # TLS, for example

    def _take(self, head: bytes) -> None:
        asked = read_head(head)
        if isinstance(asked, Answer):
            self._refuse(asked)
            return
        if self._proxied and not self._name(asked):
            return
        assert self._visit is not None
        if self._visit.asks_too_much(len(head)):
            self._refuse(_TOO_MANY)
            return
        refusal = self._web.access.refusal(asked)
        if refusal is not None:
            self._refuse(refusal)
        elif asked.wants_socket:
            self._open(asked)
        else:
            self._answer(asked)

    def _name(self, asked: HttpRequest) -> bool:
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
        stays = is_found and asked.may_stay and self._may_stay()
        self._say(found, with_body=asked.request.method != "HEAD", stays=stays)
        if stays:
            self._wait()
            if self._begun and not self._busy:
                self._rest()

    def _may_stay(self) -> bool:
        assert self._visit is not None
        return not (self._web.shared.closing or self._visit.has_outstayed())

    def _rest(self) -> None:
        """Let other clients have their turn before answering the next request."""
        self._busy = True
        self._transport.pause_reading()
        name = self._web.shared.guard.networks.name_of(self._peer)
        self._web.shared.slices.add(name, self._next)

    def _next(self) -> None:
        self._busy = False
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._go_on()

    def _open(self, asked: HttpRequest) -> None:
        """Become a WebSocket."""
        web = self._web
        if web.shared.closing:
            self._refuse(_CLOSING)
            return
        self._transport.set_write_buffer_limits(high=HIGH_WATER)  # nothing waits for it to leave
        status, said = shake_hands(asked)
        web.shared.tally.web[status] += 1
        self._transport.write(said)
        if status is not HTTPStatus.SWITCHING_PROTOCOLS:
            self._transport.close()
            return
        self._leave(goes_on=True)
        link = WebLink(web.welcome, web.outboxes, self._peer, asked.protocol)
        self._transport.set_protocol(link)
        link.connection_made(self._transport)
        if self._begun:
            link.data_received(self._begun)

    # -- who asks, and for how long --------------------------------------------------------

    def _enter(self) -> bool:
        """Count the client; return whether there is room for it."""
        try:
            self._visit = Visit(self._web.shared, self._peer)
        except TooManyConnections:
            self._web.left(DisconnectReason.TOO_MANY_CONNECTIONS, self._peer, "")
            self._say(_FULL)
            return False
        return True

    def _leave(self, *, goes_on: bool = False) -> None:
        if self._patience is not None:
            self._patience.cancel()
        if self._visit is not None:
            visit, self._visit = self._visit, None
            visit.leave(goes_on=goes_on)

    def _wait(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(self._web.within, self._lose_patience)

    def _lose_patience(self) -> None:
        if self._begun and not self._busy:
            self._wait()  # until the client has taken the answer
            self._refuse(_TOO_SLOW)
        else:
            self._transport.abort()

    # -- answers ---------------------------------------------------------------------------

    def _refuse(self, why: Answer) -> None:
        self._web.left(DisconnectReason.BAD_REQUEST, self._peer, why.body.decode().strip())
        self._say(why)

    def _say(self, what: Answer, *, with_body: bool = True, stays: bool = False) -> None:
        self._web.shared.tally.web[what.status] += 1
        self._transport.write(what.written(with_body=with_body, stays=stays))
        if not stays:
            self._begun = b""
            self._transport.close()
