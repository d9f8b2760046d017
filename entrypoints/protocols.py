"""The protocols between a listening socket and the gateway: proxies, TLS, connections."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import attrs
import structlog

from adapters.gateway.disconnect_log import DisconnectLog
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.gateway import Gateway
from adapters.gateway.slices import Slices
from adapters.tcp.arrival import Arrival, Proxies
from adapters.tcp.certificate import BadCertificate, Certificate, load_valid
from adapters.tcp.connection import Connection
from adapters.tcp.outboxes import Outboxes
from adapters.tcp.tls import Leave, TlsTransport
from adapters.web.front import Front, Web
from adapters.web.http_requests import USE_TLS, Access
from adapters.web.page import Page
from chat_domain.errors import TooManyConnections
from chat_domain.fairness.guard import Guard
from chat_domain.ports.runtime import Clock
from entrypoints.declaring import BadSettings
from entrypoints.settings import Settings

T = TypeVar("T")

log = structlog.get_logger()


@attrs.frozen
class HandshakeDoor:
    """Counts a TLS handshake as a connection from its beginning. (`adapters.tcp.tls.Door`)

    answered: the slices of handshakes that the server has answered.
    """

    guard: Guard
    clock: Clock
    disconnect_log: DisconnectLog
    slices: Slices
    answered: Slices

    def in_turn(self, peer: str, work: Callable[[], None], *, answered: bool) -> None:
        slices = self.answered if answered else self.slices
        slices.add(self.guard.networks.name_of(peer), work)

    def handshake_begins(self, peer: str) -> Leave | None:
        origins = self.guard.origins
        try:
            origin = origins.enter(peer, self.clock.monotonic())
        except TooManyConnections:  # refused before it costs a handshake
            self.disconnect_log.log_stranger(DisconnectReason.TOO_MANY_CONNECTIONS, peer)
            return None

        def leave(trouble: DisconnectReason | None, detail: str) -> None:
            origins.leave(origin, stranger=True)
            if trouble is None:
                origin.refund_arrival()
                return
            self.disconnect_log.log_stranger(trouble, peer, detail)
            if trouble is DisconnectReason.TLS_FAILED:
                self.guard.counters.handshakes_failed += 1

        return leave


def certificate_of(settings: Settings) -> Certificate | None:
    """The server's certificate, None without TLS. Raises BadSettings."""
    return _loaded(settings, Certificate)


def new_certificate(settings: Settings) -> ssl.SSLContext | None:
    """The certificate as it is on disk now, None without TLS. Raises BadSettings, also if it is
    outside its validity period, since clients would refuse it."""
    return _loaded(settings, load_valid)


def _loaded(settings: Settings, load: Callable[[Path, Path], T]) -> T | None:
    if not settings.tls_cert:
        return None
    try:
        return load(Path(settings.tls_cert), Path(settings.tls_key))
    except BadCertificate as error:
        raise BadSettings(f"--tls-cert, --tls-key: {error}") from None


# Creates the protocol for a client with this address; None: that of its socket.
Begin = Callable[[str | None], asyncio.Protocol]


@attrs.frozen
class Entrance:
    """Creates the protocol of each new socket, for clients and for browsers.

    proxies, access: may change at any time. certificate: likewise; None for no TLS.
    """

    _gateway: Gateway
    _certificate: Certificate | None
    proxies: Proxies
    access: Access
    _outboxes: Outboxes = attrs.field(init=False)
    _answered: Slices = attrs.field(init=False)

    @_outboxes.default
    def _of_all_links(self) -> Outboxes:
        return Outboxes(self._gateway.shared.unsent)

    @_answered.default
    def _of_answered_handshakes(self) -> Slices:
        return Slices(self._gateway.shared.guard.networks.lineage_of)

    def client(self) -> asyncio.Protocol:
        return self._arrived(self._connect)

    def browsers(self) -> Callable[[], asyncio.Protocol]:
        """The function that creates protocols for browsers. Raises OSError, at once, if files of
        the page cannot be read."""
        gateway = self._gateway
        web = Web(
            page=Page(),
            access=self.access,
            proxies=self.proxies,
            shared=gateway.shared,
            accept=gateway.accept,
            report=gateway.disconnect_log.log_stranger,
            outboxes=self._outboxes,
        )
        # An HTTP proxy may use its own header instead.
        return lambda: self._arrived(partial(Front, web), required=False, to_plain_http=USE_TLS)

    def _connect(self, peer: str | None) -> asyncio.Protocol:
        return Connection(self._gateway.accept, self._outboxes, peer)

    def _arrived(
        self, begin: Begin, *, required: bool = True, to_plain_http: bytes = b""
    ) -> asyncio.Protocol:
        if self._certificate is not None:
            begin = partial(self._secured, self._certificate, begin, to_plain_http)
        if not self.proxies:
            return begin(None)
        return Arrival(
            self.proxies, begin, self._gateway.disconnect_log.log_stranger, required=required
        )

    def _secured(
        self, certificate: Certificate, begin: Begin, to_plain_http: bytes, peer: str | None
    ) -> asyncio.Protocol:
        gateway = self._gateway
        shared = gateway.shared
        door = HandshakeDoor(
            shared.guard,
            shared.chat.clock,
            gateway.disconnect_log,
            shared.slices,
            self._answered,
        )
        secured = TlsTransport(certificate, begin, door, peer, to_plain_http=to_plain_http)
        return cast("asyncio.Protocol", secured)  # `Arrival` calls its `data_received`


def entrance(settings: Settings, gateway: Gateway, certificate: Certificate | None) -> Entrance:
    proxies, access = Proxies(settings.proxy_networks()), Access(settings.origins())
    return Entrance(gateway, certificate, proxies, access)


def warn_if_open(settings: Settings) -> None:
    """Warn if passwords would cross a network in the clear."""
    hosts = [settings.host, *([settings.web_host] if settings.web_port else [])]
    for host in dict.fromkeys(hosts):
        if not settings.tls_cert and not _is_loopback(host):
            log.warning(
                "without TLS, all that clients send can be read in transit, passwords included: "
                "see --tls-cert",
                host=host,
            )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
