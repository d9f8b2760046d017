"""The first moment of a connection that may come from a proxy.

An `Arrival` is the protocol of such a connection until it is known who its client is. Then the
transport gets its protocol, and nothing of this remains: the header costs later data nothing.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Collection
from typing import cast

import attrs
import structlog

from adapters.gateway.endings import Ending, Left
from adapters.tcp.connection import peer_of
from adapters.tcp.proxy_protocol import BadHeader, Beginning, NoHeader, read_beginning

log = structlog.get_logger()

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Proxies send their header right away, before their client has said anything.
SILENCE = 10.0  # seconds


@attrs.define
class Proxies:
    """Who may say who their clients are. networks: may be others from one moment to the next."""

    networks: Collection[Network] = ()

    def __bool__(self) -> bool:
        return bool(self.networks)

    def __contains__(self, address: object) -> bool:
        """Whether a network address is a proxy's."""
        try:
            found = ipaddress.ip_address(str(address))
        except ValueError:  # of a socket that has gone already, say
            return False
        return any(found in network for network in self.networks)


class Arrival(asyncio.Protocol):
    """Finds out who has come, by the header that each connection of a proxy begins with.

    Rules:
    1. From other addresses there is no header, and everything is the client's own data.
    2. A connection from a proxy's address that begins otherwise, or ends or falls silent in its
       header, is refused: whoever is there besides the proxy is not to be taken for it.
    3. One that says nothing and ends, or ends behind a header that states no client, was a health
       check. It is no client's, so nobody is told of it.
    4. Where a proxy may have another way to say who its client is, one that begins otherwise is let
       in like one whose header states no client.

    connect: makes the connection for a client's address. left: told of who is refused. required:
    unless there is another way.
    """

    def __init__(
        self,
        proxies: Proxies,
        connect: Callable[[str | None], asyncio.Protocol],
        left: Left,
        silence: float = SILENCE,
        *,
        required: bool = True,
    ) -> None:
        self._proxies = proxies
        self._connect = connect
        self._left = left
        self._silence = silence
        self._required = required
        self._begun = b""
        self._is_proxys_own = False  # by a header that states no client
        self._why_bad = ""
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = peer_of(transport)
        if self._peer in self._proxies:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(self._silence, self._fall_silent)
        else:
            self._let_in(None, b"")

    def data_received(self, data: bytes) -> None:
        if self._is_proxys_own:
            self._let_in(None, data)
            return
        self._begun += data
        try:
            beginning = read_beginning(self._begun)
        except BadHeader as bad:
            if self._required or not isinstance(bad, NoHeader):
                self._refuse(str(bad))
            else:
                self._let_in(None, self._begun)
            return
        if beginning is not None:
            self._begin(beginning)

    def _begin(self, beginning: Beginning) -> None:
        if beginning.client is None and not beginning.rest:
            self._is_proxys_own, self._begun = True, b""
            return
        if beginning.client is not None:
            log.debug("proxied", address=beginning.client, proxy=self._peer)
        self._let_in(beginning.client, beginning.rest)

    def _fall_silent(self) -> None:
        if self._is_proxys_own:
            self._let_in(None, b"")
        else:
            self._refuse(f"it has not come within {self._silence:.0f} s")

    def eof_received(self) -> None:
        """asyncio closes the connection then."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # however it ends
        self._forget_patience()
        if self._begun and not self._why_bad:
            self._why_bad = "it does not end"
        if self._why_bad:
            self._left(Ending.BAD_PROXY_HEADER, self._peer, self._why_bad)

    def _refuse(self, why: str) -> None:
        self._forget_patience()
        self._why_bad = why
        self._transport.abort()

    def _let_in(self, client: str | None, data: bytes) -> None:
        self._forget_patience()
        connection = self._connect(client)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        if data:
            connection.data_received(data)

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
