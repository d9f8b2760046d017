"""What stands between a listening socket and the gateway: proxies, TLS, connections."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    """Makes the protocol of each new socket.

    proxies: who may say who their clients are; they can be others from one socket to the next.
    begin: makes the protocol of a client. left: told of who goes before that.
    """

    proxies: tuple[Network, ...]
    _begin: Callable[[str | None], asyncio.Protocol]
    _left: Left

    def __call__(self) -> asyncio.Protocol:
        if not self.proxies:
            return self._begin(None)
        return Arrival(self.proxies, self._begin, self._left)


def entrance(settings: Settings, gateway: Gateway, certificate: Certificate | None) -> Entrance:
    outboxes = Outboxes()

    def connect(peer: str | None) -> asyncio.Protocol:
        return Connection(gateway.welcome, outboxes, peer)

    def secure(peer: str | None) -> asyncio.Protocol:
        assert certificate is not None
        return Secured(certificate, connect, door, peer)

    departures = gateway.departures
    door = HandshakeDoor(
        gateway.shared.guard, gateway.shared.chat.clock, departures, gateway.shared.slices
    )
    begin = connect if certificate is None else secure
    return Entrance(settings.proxy_networks(), begin, departures.stranger)


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
