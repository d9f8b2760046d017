"""The chat server: `python -m entrypoints.tcp_server 6000`."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

from adapters.gateway.gateway import Gateway
from adapters.redis import BrokerUnusable
from adapters.storage import StoreUnusable
from adapters.tcp.arrival import Arrival
from adapters.tcp.connection import Connection
from adapters.tcp.outboxes import Outboxes
from entrypoints.bootstrap import opened
from entrypoints.logs import set_up_logs
from entrypoints.settings import BadSettings, Settings, settings_or_exit

log = structlog.get_logger()

BACKLOG = 4096  # connections that the kernel may hold for us while we are busy


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises BadSettings, StoreUnusable and OSError (the port)."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with opened(settings) as gateway:
        server = await _listen(settings, gateway)
        clock = asyncio.create_task(gateway.keep_time())
        try:
            await stop.wait()
            log.info("stopping")
        finally:
            server.close()
            clock.cancel()
            await gateway.close()
    log.info("stopped")


async def _listen(settings: Settings, gateway: Gateway) -> asyncio.Server:
    server = await asyncio.get_running_loop().create_server(
        _protocols(settings, gateway),
        settings.host,
        settings.port,
        backlog=BACKLOG,
    )
    for sock in server.sockets:
        host, port = sock.getsockname()[:2]
        log.info("listening on %s:%d", host, port, store=_without_password(settings.store))
    return server


def _protocols(settings: Settings, gateway: Gateway) -> Callable[[], asyncio.Protocol]:
    outboxes = Outboxes()

    def connect(peer: str | None = None) -> Connection:
        return Connection(gateway.joined, outboxes, peer)

    proxies = settings.proxy_networks()
    return (lambda: Arrival(proxies, connect)) if proxies else connect


def _without_password(url: str) -> str:
    """A store's address as it may be logged."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def raise_file_limit() -> None:
    """Allow this process as many connections as the system lets it have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # macOS refuses some hard limits; then it stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def loop_runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """uvloop's where there is one, otherwise asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415  # not on every system
    except ImportError:
        return asyncio.run
    return uvloop.run


def main() -> int:
    settings = settings_or_exit()
    set_up_logs(settings.log_level)
    raise_file_limit()
    try:
        loop_runner()(serve(settings))
    except (BadSettings, StoreUnusable, BrokerUnusable) as error:
        return _fail(str(error))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        return _fail(f"cannot listen on {settings.host}:{settings.port}: {reason}")
    return 0


def _fail(why: str) -> int:
    print(f"chat server: {why}", file=sys.stderr)  # noqa: T201  # for who typed the command
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
