"""The first moment of a connection that may come from a proxy.

An `Arrival` is the protocol of such a connection until it is known who its client is. Then the
transport gets its protocol, and nothing of this remains: the header costs later data nothing.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Collection
from typing import cast

import structlog

from adapters.gateway.endings import Ending, Left
from adapters.tcp.connection import ending_of, peer_of
from adapters.tcp.proxy_protocol import BadHeader, Beginning, read_beginning

log = structlog.get_logger()

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Proxies send their header right away. Who has said nothing for so many seconds is a client that
# came by itself, one that waits for its user to type.
SILENCE = 10.0


class Arrival(asyncio.Protocol):
    """Finds out who has come.

    connect: makes the connection for a client's address. left: told of who goes before that.
    """

    def __init__(
        self,
        proxies: Collection[Network],
        connect: Callable[[str | None], asyncio.Protocol],
        left: Left,
        silence: float = SILENCE,
    ) -> None:
        self._proxies = proxies
        self._connect = connect
        self._left = left
        self._bad: BadHeader | None = None
        self._silence = silence
        self._begun = b""
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = peer_of(transport)
        if self._may_be_proxy():
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(self._silence, self._take_for_client)
        else:
            self._hand_over(None, b"")

    def _may_be_proxy(self) -> bool:
        try:
            address = ipaddress.ip_address(self._peer)
        except ValueError:  # it has gone already
            return False
        return any(address in network for network in self._proxies)

    def data_received(self, data: bytes) -> None:
        self._begun += data
        beginning = self._beginning()
        if beginning is not None:
            if beginning.client is not None:
                log.debug("proxied", address=beginning.client, proxy=self._peer)
            self._hand_over(beginning.client, beginning.rest)

    def _beginning(self) -> Beginning | None:
        try:
            return read_beginning(self._begun)
        except BadHeader as bad:
            self._bad = bad
            self._transport.abort()
            return None

    def eof_received(self) -> bool | None:
        return self._take_for_client().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_patience()
        why = ending_of(exc) if self._bad is None else Ending.BAD_PROXY_HEADER
        self._left(why, self._peer, str(self._bad or ""))

    def _take_for_client(self) -> asyncio.Protocol:
        return self._hand_over(None, self._begun)

    def _hand_over(self, client: str | None, data: bytes) -> asyncio.Protocol:
        self._forget_patience()
        connection = self._connect(client)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        if data:
            connection.data_received(data)
        return connection

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
