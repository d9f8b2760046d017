"""What a WebSocket costs beside TCP: one to one, and 10,000 that say nothing."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench import clients
from bench.lines import Line, against, of_load, plain
from bench.processes import Generator, Listener, alternate, rss, server
from bench.suites.options import Options
from entrypoints.services.ports import free_port

CLIENTS, IDLE = 100, 10_000
WINDOWS = 1, 16


def lines(options: Options) -> Iterator[Line]:
    web_port = free_port()
    with server(options.sqlite("web"), "--web-port", str(web_port), root=options.root) as chat:
        for window in WINDOWS:
            yield from _p2p(options, chat, web_port, window)
        yield _idle(chat, web_port)


def _p2p(options: Options, chat: Listener, web_port: int, window: int) -> Iterator[Line]:
    with ExitStack() as stack:
        over_tcp, over_web = (
            stack.enter_context(
                Generator(
                    port=port,
                    web=port == web_port,
                    users=clients.register_pairs(chat.port, CLIENTS, f"at {port} w{window}"),
                    version=2,
                    window=window,
                    pids=[chat.pid],
                )
            )
            for port in (chat.port, web_port)
        )
        tcp, web = alternate([over_tcp, over_web], options.runs, options.seconds)
    what = f"window {window}, {CLIENTS} clients"
    yield against(
        f"p2p over WebSockets, {what}", "messages/s", web, tcp, yardstick="TCP", at_least=0.6
    )
    yield of_load(f"the same over TCP, {what}", "messages/s", tcp)


def _idle(chat: Listener, web_port: int) -> Line:
    users = clients.register(chat.port, IDLE, prefix="idle")
    time.sleep(1)
    before = rss(chat.pid)
    job = {"port": web_port, "web": True, "users": users, "version": 2, "window": 0, "pids": []}
    with Generator(load="idle", **job):
        time.sleep(1)
        each = (rss(chat.pid) - before) / IDLE / 1024
    return plain(f"memory of one of {IDLE:,} idle WebSockets", "KiB", [each], at_most=14)
