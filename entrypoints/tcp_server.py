"""The chat server: `python -m entrypoints.tcp_server 6000`, installed as `chat-server`."""

import asyncio
import gc
import itertools
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import attrs
import structlog

from adapters.control.server import SocketUnusable
from adapters.faults.startup_errors import BrokerUnusable, StoreUnusable
from entrypoints.bootstrap import open_gateway
from entrypoints.browsing import listen_to_browsers, sockets_for_browsers
from entrypoints.checking import check_addresses, check_and_print
from entrypoints.command_line import wants_check
from entrypoints.controlling import serve_control_socket
from entrypoints.declaring import BadSettings, without_password
from entrypoints.listening import listening_sockets, place_of, reason_of, serve_on
from entrypoints.log_writer import LogWriter
from entrypoints.logs import set_up_logs
from entrypoints.operating import serve_operators
from entrypoints.process import WRONG_USE, fill_streams, leave_no_core, raise_file_limit
from entrypoints.protocols import certificate_of, entrance, new_certificate, warn_if_open
from entrypoints.reloading import Configuration, take
from entrypoints.settings import Settings
from entrypoints.sources import read_settings, unknown_variables
from entrypoints.workers import Watcher

log = structlog.get_logger()


@attrs.frozen
class Worker:
    """What a node has if it is one of several on a port. browsers: its sockets for browsers.
    lifeline: see `entrypoints.workers`."""

    sockets: Sequence[socket.socket]
    browsers: Sequence[socket.socket]
    lifeline: int
    number: int


async def serve(settings: Settings, worker: Worker | None = None) -> None:
    """Serve until SIGINT or SIGTERM, or until a worker's watcher is gone.

    On SIGHUP the settings are read again; the caller must block it until this is set up.

    Raises BadSettings, StoreUnusable, BrokerUnusable and OSError (the port).
    """
    stop = asyncio.Event()
    if worker is not None:
        _stop_when_broken(worker.lifeline, stop)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    certificate = certificate_of(settings)
    place = worker.number if worker else None
    async with (
        open_gateway(settings) as gateway,
        serve_control_socket(settings, gateway.shared.chat, place),
        serve_operators(settings, gateway, place),
    ):
        door = entrance(settings, gateway, certificate)
        servers = await listen_to_browsers(settings, door, worker.browsers if worker else None)
        servers += await _listen(settings, door.client, worker)
        configuration = Configuration(
            settings, current_settings, lambda new: take(new, gateway, door, certificate)
        )
        _listen_to_sighup(configuration)
        if worker is None or worker.number == 1:
            warn_if_open(settings)
        going_on = [asyncio.create_task(loop) for loop in gateway.loops()]
        spare_the_collector()
        try:
            await stop.wait()
            log.info("stopping")
        finally:
            for server in servers:
                server.close()
            await gateway.close(configuration.settings.drain_seconds)
            for task in going_on:
                task.cancel()
    log.info("stopped")


def spare_the_collector() -> None:
    """Let the garbage collector skip all objects created at the start, and run less often.

    Messages in flight are freed by reference counting. With Python's default threshold they make
    the collector run thousands of times a second under load, which costs a tenth of the time and
    finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _listen_to_sighup(configuration: Configuration) -> None:
    """Handle SIGHUP from now on, including one that came while it was blocked."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, configuration.on_sighup)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


def _stop_when_broken(lifeline: int, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def broken() -> None:
        loop.remove_reader(lifeline)  # else it would be called again and again
        stop.set()

    loop.add_reader(lifeline, broken)


async def _listen(
    settings: Settings, protocol: Callable[[], asyncio.Protocol], worker: Worker | None
) -> list[asyncio.Server]:
    servers = await serve_on(
        protocol, settings.host, settings.port, worker.sockets if worker else None
    )
    for sock in itertools.chain.from_iterable(server.sockets for server in servers):
        log.info("listening on %s", place_of(sock), store=without_password(settings.store))
    return servers


def loop_runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """uvloop's `run` if it is installed, otherwise asyncio's."""
    try:
        import uvloop  # noqa: PLC0415  # not on every system
    except ImportError:
        return asyncio.run
    return uvloop.run


def current_settings() -> Settings:
    """The settings as they are now: files may have changed. Raises BadSettings."""
    return read_settings(sys.argv[1:], os.environ)


def main() -> int:
    leave_no_core()
    fill_streams()
    try:
        settings = current_settings()
        check_addresses(settings)
    except BadSettings as error:
        return _fail(str(error), WRONG_USE)
    unknown = unknown_variables(os.environ)
    if wants_check(sys.argv[1:]):
        return check_and_print(settings, unknown)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    lines = set_up_logs(settings.log_level)
    if unknown:
        log.warning("these variables are not settings", variables=unknown)
    raise_file_limit()
    return _run(settings, lines) if settings.workers == 1 else _run_workers(settings, lines)


def _run(settings: Settings, lines: LogWriter, worker: Worker | None = None) -> int:
    try:
        with lines.in_background():
            loop_runner()(serve(settings, worker))
    except (BadSettings, StoreUnusable, BrokerUnusable, SocketUnusable) as error:
        return _fail(str(error))
    except OSError as error:
        return _cannot_listen(settings, error)
    return 0


def _run_workers(settings: Settings, lines: LogWriter) -> int:
    try:
        sockets = listening_sockets(settings.host, settings.port, settings.workers)
        web_sockets = sockets_for_browsers(settings)
    except BadSettings as error:
        return _fail(str(error))
    except OSError as error:
        return _cannot_listen(settings, error)

    configuration = Configuration(settings, current_settings, new_certificate)

    def work(number: int, lifeline: int) -> int:
        structlog.contextvars.bind_contextvars(worker=number)
        own, browsers = sockets.pop(number - 1), web_sockets.pop(number - 1)
        close_sockets()
        return _run(configuration.settings, lines, Worker(own, browsers, lifeline, number))

    def close_sockets() -> None:
        for sock in itertools.chain.from_iterable(sockets + web_sockets):
            sock.close()

    watcher = Watcher(settings.workers, work, on_hangup=configuration.on_sighup)
    return watcher.run(close_sockets, lambda: configuration.settings.drain_seconds)


def _cannot_listen(settings: Settings, error: OSError) -> int:
    return _fail(f"cannot listen on {settings.host}:{settings.port}: {reason_of(error)}")


def _fail(why: str, status: int = 1) -> int:
    print(f"chat server: {why}", file=sys.stderr)  # noqa: T201  # for the operator who typed the command
    return status


if __name__ == "__main__":
    raise SystemExit(main())
