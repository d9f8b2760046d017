"""What a WebSocket costs compared with TCP, one to one and with 10,000 idle sessions; and the page
in two browsers, if they are installed."""

import importlib.util
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench import clients
from bench.lines import Line, against, of_load, plain
from bench.measuring import quantile
from bench.processes import Generator, Listener, alternate, rss, server
from bench.suites.options import Options
from entrypoints.services.ports import free_port

if TYPE_CHECKING:
    from bench.browsers import Pair

CLIENTS, IDLE = 100, 10_000
WINDOWS = 1, 16
PAINTS = 5  # in each run


def lines(options: Options) -> Iterator[Line]:
    web_port = free_port()
    with server(options.sqlite("web"), "--web-port", str(web_port), root=options.root) as chat:
        for window in WINDOWS:
            yield from _p2p(options, chat, web_port, window)
        yield _idle(chat, web_port)
    if importlib.util.find_spec("playwright") is None:
        print("The page is left out: there is no Playwright here.", file=sys.stderr)
    else:
        yield from _page(options)


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


def _page(options: Options) -> Iterator[Line]:
    from bench import browsers  # noqa: PLC0415  # Playwright is optional

    if browsers.chromium() is None:
        print("The page is left out: there is no Chromium here.", file=sys.stderr)
        return
    port = free_port()
    store = options.sqlite("page")
    with server(store, "--web-port", str(port), root=options.root), browsers.pair(port) as pair:
        messages, paints = [], []
        for _ in range(options.runs):
            messages.append(sorted(_messages(pair, options.seconds)))
            paints.append(sorted(pair.first_paint_ns() for _ in range(PAINTS)))
    what = "a message in the other browser after Enter, idle server"
    yield plain(f"{what}, p50", "ms", [quantile(run, 0.5) for run in messages], at_most=50)
    yield plain(f"{what}, p99", "ms", [quantile(run, 0.99) for run in messages])
    yield plain(
        "first paint of the page", "ms", [quantile(run, 0.5) for run in paints], at_most=300
    )


def _messages(pair: "Pair", seconds: float) -> Iterator[int]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield pair.message_ns()
