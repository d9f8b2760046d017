"""Pages of a long past: what they cost, and what they do to those who chat meanwhile."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from bench import clients, frames
from bench.filling import LogContent, fill
from bench.lines import Line, plain, spread
from bench.measuring import cpu_of
from bench.processes import Generator, Listener, server
from bench.suites.options import Options

CONVERSATIONS = 1_000
UNREAD = 10  # in each of them
PAGES = 200  # of each kind, in each run
PAUSE = 0.002  # seconds between two messages
CROWD = 100
PAGES_A_SECOND = 100  # as many as one user who scrolls asks for, or fifty who read


@attrs.frozen
class Stage:
    """A server with a past. talkers, crowd: two users, and CROWD, without a part in it."""

    chat: Listener
    content: LogContent
    talkers: Sequence[int]
    crowd: Sequence[int]


def lines(options: Options) -> Iterator[Line]:
    with _stage(options) as stage:
        first, last = stage.content.others[0], stage.content.others[-1]
        count = stage.content.count
        for where, before in (("newest", None), ("middle", count // 2), ("oldest", 150)):
            requests: Iterator[bytes] = itertools.repeat(frames.history(first, before))
            yield _cost(options, stage, f"page of 50, {where} of {count // 2:,}", requests)
        deep = itertools.cycle(range(count // 100, count, count // 100))
        requests = (frames.history(first, before) for before in deep)
        yield _cost(options, stage, "page of 50, anywhere", requests)
        few = count // 2 // (CONVERSATIONS - 1)
        requests = itertools.repeat(frames.history(last, None))
        yield _cost(options, stage, f"page of 50, newest of {few:,}", requests)
        yield _all_conversations(options, stage)
        yield from _beside_chat(options, stage)


@contextmanager
def _stage(options: Options) -> Iterator[Stage]:
    store = options.sqlite("history")
    with server(store, root=options.root) as chat:
        reader, *others = clients.register(chat.port, 1 + CONVERSATIONS)
        talkers = clients.register_pairs(chat.port, 2, prefix="talker")
        crowd = clients.register_pairs(chat.port, CROWD, prefix="crowd")
    content = LogContent(reader, others, options.entries)
    fill(options.directory / "history.db", content, UNREAD)
    with server(store, root=options.root) as chat:
        yield Stage(chat, content, talkers, crowd)


def _cost(options: Options, stage: Stage, name: str, requests: Iterator[bytes]) -> Line:
    """The ms of CPU for a page, if a client asks for one after the other."""
    chat = stage.chat
    (sock,) = clients.log_in(chat.port, [stage.content.reader], 2)
    costs, took = [], []
    for _ in range(options.runs):
        used, began = cpu_of(chat.pid), time.perf_counter()
        for request in itertools.islice(requests, PAGES):
            page = clients.ask(sock, request)
            assert len(page["entries"]) == 50
        took.append((time.perf_counter() - began) * 1e3 / PAGES)
        costs.append((cpu_of(chat.pid) - used) * 1e3 / PAGES)
    clients.close([sock])
    return plain(f"history, {name}: CPU", "ms", costs, p50_ms=spread(took), at_most=1)


def _all_conversations(options: Options, stage: Stage) -> Line:
    """The ms of CPU for all of them, in as many pages as it takes."""
    chat = stage.chat
    (sock,) = clients.log_in(chat.port, [stage.content.reader], 2)
    costs, took = [], []
    for _ in range(options.runs):
        used, began = cpu_of(chat.pid), time.perf_counter()
        found: list[Any] = []
        before = None
        while not found or before is not None:
            page = clients.ask(sock, frames.conversations(before))
            found += page["conversations"]
            before = page.get("next")
        took.append((time.perf_counter() - began) * 1e3)
        costs.append((cpu_of(chat.pid) - used) * 1e3)
        assert len(found) == CONVERSATIONS
        assert sum(one["unread"] for one in found) == (CONVERSATIONS - 1) * UNREAD
    clients.close([sock])
    name = f"history, all {CONVERSATIONS:,} conversations, {UNREAD} unread in each: CPU"
    return plain(name, "ms", costs, p50_ms=spread(took), at_most=15)


def _beside_chat(options: Options, stage: Stage) -> Iterator[Line]:
    """Messages while a user scrolls and while none does, in turn: one message at a time, and as
    many as the server can do."""
    job = {"port": stage.chat.port, "pids": [stage.chat.pid], "version": 2}
    crowd = {"users": stage.crowd, "load": "pairs", "window": 1}
    for what, generator in (
        ("push", pushes(stage.chat, stage.talkers)),
        (f"p2p, version 2, window 1, {CROWD} clients", Generator(**job, **crowd)),
    ):
        alone, beside = [], []
        with generator:
            for _ in range(options.runs):
                alone.append(generator.run(options.seconds)["p99_ms"])
                with _scrolling(stage):
                    beside.append(generator.run(options.seconds)["p99_ms"])
        yield plain(f"{what} beside nothing, p99", "ms", alone)
        yield plain(f"{what} beside {PAGES_A_SECOND} pages a second, p99", "ms", beside)
        times = [one / other for one, other in zip(beside, alone, strict=True)]
        yield plain("the same, of that beside nothing", "times", times, at_most=1.5)


def pushes(chat: Listener, talkers: Sequence[int]) -> Generator:
    """One message after the other between two users."""
    job = {"port": chat.port, "pids": [chat.pid], "users": talkers, "version": 2}
    return Generator(**job, load="pushes", pause=PAUSE)


@contextmanager
def _scrolling(stage: Stage) -> Iterator[None]:
    """Let a user ask for pages meanwhile, each further back in the past than the one before."""
    done = threading.Event()
    (sock,) = clients.log_in(stage.chat.port, [stage.content.reader], 2)
    scrolling = threading.Thread(target=_scroll, args=(sock, stage.content, done))
    scrolling.start()
    try:
        yield
    finally:
        done.set()
        scrolling.join()
        sock.close()


def _scroll(sock: socket.socket, content: LogContent, done: threading.Event) -> None:
    first, deep = content.others[0], itertools.cycle(range(content.count, content.count // 2, -100))
    while not done.wait(1 / PAGES_A_SECOND):
        sock.sendall(frames.history(first, next(deep)))
        while not sock.recv(65536).endswith(frames.NEWLINE):
            pass
