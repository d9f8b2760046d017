"""The browsers' port, if the settings ask for one."""

import asyncio
import itertools
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from entrypoints.declaring import BadSettings, shown
from entrypoints.listening import listening_sockets, place_of, reason_of, serve_on
from entrypoints.protocols import Entrance
from entrypoints.settings import Settings

log = structlog.get_logger()


def sockets_for_browsers(settings: Settings) -> list[list[socket.socket]]:
    """For each worker, the sockets to serve browsers on. Raises BadSettings."""
    if not settings.web_port:
        return [[] for _ in range(settings.workers)]
    with _as_bad_settings(settings):
        return listening_sockets(settings.web_host, settings.web_port, settings.workers)


async def listen_to_browsers(
    settings: Settings, entrance: Entrance, sockets: Sequence[socket.socket] | None
) -> list[asyncio.Server]:
    """Serve browsers, on `sockets` if this is a worker. Raises BadSettings."""
    if not settings.web_port:
        return []
    with _as_bad_settings(settings):
        servers = await serve_on(entrance.browsers(), settings.web_host, settings.web_port, sockets)
    scheme = "https" if settings.tls_cert else "http"
    for sock in itertools.chain.from_iterable(server.sockets for server in servers):
        log.info("in a browser: %s://%s/", scheme, place_of(sock))
    return servers


@contextmanager
def _as_bad_settings(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f"--web-host {shown(settings.web_host)} --web-port {settings.web_port}"
        raise BadSettings(f"{where}: cannot listen there: {reason_of(error)}") from error
