"""The first moment of a connection that may come from a proxy.

An `Arrival` is the protocol of such a connection until its client is known. Then the transport gets
its lasting protocol and drops the `Arrival`, so that the header costs later data nothing.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Collection
from typing import cast

import attrs
import structlog

from adapters.gateway.disconnect_reasons import DisconnectReason, ReportDisconnect
from adapters.tcp.connection import peer_of
from adapters.tcp.proxy_protocol import BadHeader, Beginning, NoHeader, read_beginning

log = structlog.get_logger()

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Proxies send their header at once, before their client has sent anything.
SILENCE = 10.0  # seconds


@attrs.define
class Proxies:
    """The proxies that may state their clients' addresses. networks: may change at any time."""

    networks: Collection[Network] = ()

    def __bool__(self) -> bool:
        return bool(self.networks)

    def __contains__(self, address: object) -> bool:
        """Whether a network address is that of a proxy."""
        try:
            found = ipaddress.ip_address(str(address))
        except ValueError:  # for example of a socket that is already gone
            return False
        return any(found in network for network in self.networks)


class Arrival(asyncio.Protocol):
    """Finds out who the client is, from the header with which a proxy begins each connection.

    Rules:
    1. A connection from another address has no header; all its data is the client's own.
    2. A connection from a proxy's address that does not begin with a header, or ends or falls
       silent within it, is refused: other programs on that host must not be taken for the proxy.
    3. A connection that ends without any data, or after a header that states no client, was a
       health check. It belongs to no client, and is reported to nobody.
    4. If the proxy may have another way to state its client, a connection without a header is let
       in like one whose header states no client.

    connect: creates the protocol for a client's address. report: called for each refused one.
    required: False if the proxy may have another way.
    """

    def __init__(
        self,
        proxies: Proxies,
        connect: Callable[[str | None], asyncio.Protocol],
        report: ReportDisconnect,
        silence: float = SILENCE,
        *,
        required: bool = True,
    ) -> None:
        self._proxies = proxies
        self._connect = connect
        self._report = report
        self._silence = silence
        self._required = required
        self._buffer = b""
        self._is_proxys_own = False  # its header stated no client
        self._why_bad = ""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = peer_of(transport)
        if self._peer in self._proxies:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._silence, self._on_timeout)
        else:
            self._let_in(None, b"")

    def data_received(self, data: bytes) -> None:
        if self._is_proxys_own:
            self._let_in(None, data)
            return
        self._buffer += data
        try:
            beginning = read_beginning(self._buffer)
        except BadHeader as bad:
            if self._required or not isinstance(bad, NoHeader):
                self._refuse(str(bad))
            else:
                self._let_in(None, self._buffer)
            return
        if beginning is not None:
            self._begin(beginning)

    def _begin(self, beginning: Beginning) -> None:
        if beginning.client is None and not beginning.rest:
            self._is_proxys_own, self._buffer = True, b""
            return
        if beginning.client is not None:
            log.debug("proxied", address=beginning.client, proxy=self._peer)
        self._let_in(beginning.client, beginning.rest)

    def _on_timeout(self) -> None:
        if self._is_proxys_own:
            self._let_in(None, b"")
        else:
            self._refuse(f"it has not come within {self._silence:.0f} s")

    def eof_received(self) -> None:
        """asyncio closes the connection then."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # however it ends
        self._cancel_timer()
        if self._buffer and not self._why_bad:
            self._why_bad = "it does not end"
        if self._why_bad:
            self._report(DisconnectReason.BAD_PROXY_HEADER, self._peer, self._why_bad)

    def _refuse(self, why: str) -> None:
        self._cancel_timer()
        self._why_bad = why
        self._transport.abort()

    def _let_in(self, client: str | None, data: bytes) -> None:
        self._cancel_timer()
        connection = self._connect(client)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        if data:
            connection.data_received(data)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
