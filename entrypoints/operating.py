"""The operators' port, and the pages on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

import attrs
import structlog

from adapters.gateway.gateway import Gateway
from adapters.operators.http import Page, Pages, serve_pages
from adapters.operators.lag import measure_lag
from adapters.operators.metrics import KIND, NodeCollector, page_of, registry_of
from adapters.operators.readiness import Readiness
from adapters.runtime.repeating import repeat_forever
from chat_domain.ports.runtime import Depths
from entrypoints.declaring import BadSettings, shown
from entrypoints.listening import place_of, reason_of
from entrypoints.settings import Settings
from entrypoints.version import PYTHON, VERSION

log = structlog.get_logger()


@asynccontextmanager
async def serve_operators(
    settings: Settings, gateway: Gateway, place: int | None
) -> AsyncIterator[None]:
    """Serve operators, if the settings ask for it. place: the number of this worker, if it is one.

    Raises BadSettings if the port is not available.
    """
    if not settings.http_port:
        yield
        return
    port = settings.http_port + (place or 1) - 1
    try:
        server = await serve_pages(settings.http_host, port, pages(gateway))
    except OSError as error:
        where = f"--http-host {shown(settings.http_host)} --http-port {settings.http_port}"
        raise BadSettings(f"{where}: cannot listen on port {port}: {reason_of(error)}") from error
    for sock in server.sockets:
        log.info("health and metrics on http://%s", place_of(sock))
    lag = asyncio.create_task(repeat_forever("lag", partial(measure_lag, gateway.shared.tally.lag)))
    try:
        yield
    finally:
        lag.cancel()
        server.close()


def pages(gateway: Gateway) -> Pages:
    """The pages, by path. None of them names a user or an address."""
    readiness = Readiness(gateway.shared.chat, lambda: gateway.shared.closing)
    registry = registry_of(_collector(gateway))

    async def healthz() -> Page:
        return Page(b"ok\n")

    async def readyz() -> Page:
        problems = await readiness.problems()
        if not problems:
            return Page(b"ready\n")
        text = "not ready: " + ", ".join(problems)
        return Page(f"{text}\n".encode(), HTTPStatus.SERVICE_UNAVAILABLE)

    async def metrics() -> Page:
        return Page(page_of(registry), kind=KIND)

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


def depths(gateway: Gateway) -> Depths:
    """The lengths of this node's queues, by their names."""
    shared = gateway.shared
    return {
        "log": lambda: len(shared.chat.queue),
        **shared.depths,
        "background tasks": lambda: len(shared.tasks),
    }


def _collector(gateway: Gateway) -> NodeCollector:
    return NodeCollector(
        chat=gateway.shared.chat,
        tally=gateway.shared.tally,
        connections=lambda: gateway.shared.guard.origins.connections,
        strangers=lambda: gateway.shared.guard.origins.strangers,
        held_up=gateway.held_up,
        draining=lambda: gateway.shared.closing,
        depths=depths(gateway),
        limits=lambda: attrs.asdict(gateway.shared.guard.counters),
        connections_limit=lambda: gateway.shared.guard.limits.connections,
        build={"version": VERSION, "python": PYTHON},
    )
