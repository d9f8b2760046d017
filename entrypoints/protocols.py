"""What stands between a listening socket and the gateway: proxies, TLS, connections."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs
import structlog

from adapters.gateway.departures import Departures
from adapters.gateway.endings import Ending, Left
from adapters.gateway.gateway import Gateway
from adapters.gateway.slices import Slices
from adapters.tcp.arrival import Arrival
from adapters.tcp.certificate import BadCertificate, Certificate, load_in_time
from adapters.tcp.connection import Connection
from adapters.tcp.outboxes import Outboxes
from adapters.tcp.tls import Leave, Secured
from adapters.web.asking import Access
from adapters.web.front import Front, Web
from adapters.web.page import Page
from chat_domain.errors import TooManyConnections
from chat_domain.fairness.guard import Guard
from chat_domain.ports.runtime import Clock
from entrypoints.settings import BadSettings, Network, Settings

log = structlog.get_logger()


@attrs.frozen
class HandshakeDoor:
    """Who shakes hands is a connection already. (`adapters.tcp.tls.Door`)"""

    guard: Guard
    clock: Clock
    departures: Departures
    slices: Slices

    def in_turn(self, peer: str, work: Callable[[], None]) -> None:
        self.slices.add(self.guard.networks.name_of(peer), work)

    def handshake_begins(self, peer: str) -> Leave | None:
        origins = self.guard.origins
        try:
            origin = origins.enter(peer, self.clock.monotonic())
        except TooManyConnections:  # it is refused before it costs a handshake
            self.departures.stranger(Ending.TOO_MANY_CONNECTIONS, peer)
            return None

        def leave(trouble: Ending | None, detail: str) -> None:
            origins.leave(origin, stranger=True)
            if trouble is None:
                origin.arrive_once_more()
                return
            self.departures.stranger(trouble, peer, detail)
            if trouble is Ending.TLS_FAILED:
                self.guard.counters.handshakes_failed += 1

        return leave


def certificate_of(settings: Settings) -> Certificate | None:
    """What the server shows its clients, if it does. Raises BadSettings."""
    if not settings.tls_cert:
        return None
    with _told_as_settings():
        return Certificate(Path(settings.tls_cert), Path(settings.tls_key))


def new_certificate(settings: Settings) -> ssl.SSLContext | None:
    """What its clients can be shown from now on. Raises BadSettings, also where none would take it,
    as it is out of its time."""
    if not settings.tls_cert:
        return None
    with _told_as_settings():
        return load_in_time(Path(settings.tls_cert), Path(settings.tls_key))


@contextmanager
def _told_as_settings() -> Iterator[None]:
    try:
        yield
    except BadCertificate as error:
        raise BadSettings(f"--tls-cert, --tls-key: {error}") from None


@attrs.define
class Entrance:
    """Makes the protocol of each new socket, on the clients' port and on that of browsers.

    proxies: who may say who their clients are; they can be others from one socket to the next.
    begin, browse: make the protocol of a client. left: told of who goes before that.
    """

    proxies: tuple[Network, ...]
    _begin: Callable[[str | None], asyncio.Protocol]
    _browse: Callable[[Collection[Network]], asyncio.Protocol]
    _left: Left

    def __call__(self) -> asyncio.Protocol:
        if not self.proxies:
            return self._begin(None)
        return Arrival(self.proxies, self._begin, self._left)

    def browser(self) -> asyncio.Protocol:
        return self._browse(self.proxies)


def entrance(settings: Settings, gateway: Gateway, certificate: Certificate | None) -> Entrance:
    outboxes, departures = Outboxes(), gateway.departures
    shared = gateway.shared
    door = HandshakeDoor(shared.guard, shared.chat.clock, departures, shared.slices)

    def connect(peer: str | None) -> asyncio.Protocol:
        return Connection(gateway.welcome, outboxes, peer)

    def secured(begin: Callable[[str | None], asyncio.Protocol], peer: str | None) -> Secured:
        assert certificate is not None
        return Secured(certificate, begin, door, peer)

    page, access = Page() if settings.web_port else None, Access(settings.origins())

    def browse(proxies: Collection[Network]) -> asyncio.Protocol:
        assert page is not None
        web = Web(page, access, proxies, door, gateway.welcome, outboxes)
        begin = partial(Front, web)
        return begin() if certificate is None else secured(begin, None)

    begin = connect if certificate is None else partial(secured, connect)
    return Entrance(settings.proxy_networks(), begin, browse, departures.stranger)


def warn_if_open(settings: Settings) -> None:
    """Passwords in the clear are for one machine alone."""
    if not settings.tls_cert and not _is_loopback(settings.host):
        log.warning(
            "without TLS, all that clients send can be read on its way, passwords too: see "
            "--tls-cert",
            host=settings.host,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
