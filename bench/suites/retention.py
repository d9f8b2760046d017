"""How long a message takes while the server deletes what is old, and how fast it deletes."""

import time
from collections.abc import Iterator

from bench import clients
from bench.filling import LogContent, fill, oldest
from bench.lines import Line, plain
from bench.processes import Figures, Listener, server
from bench.suites.history import CONVERSATIONS, pushes
from bench.suites.options import Options

KEEP = 30  # days of 100, so seven tenths have to be deleted
AT_MOST = 50  # ms by which a message may be late
BEGINS_WITHIN = 10.0  # seconds


def lines(options: Options) -> Iterator[Line]:
    store = options.sqlite("retention")
    path = options.directory / "retention.db"
    with server(store, root=options.root) as chat:
        reader, *others = clients.register(chat.port, 1 + CONVERSATIONS)
        talkers = clients.register_pairs(chat.port, 2, prefix="talker")
    content = LogContent(reader, others, options.entries)
    fill(path, content, 0)
    alone, beside, rates = [], [], []
    for _ in range(options.runs):
        with server(store, root=options.root) as chat:
            alone.append(_run(chat, talkers, options.seconds))
        with server(store, "--keep-days", str(KEEP), root=options.root) as chat:
            before = _wait_until_it_deletes(options)
            began = time.monotonic()
            beside.append(_run(chat, talkers, options.seconds))
            rates.append((oldest(path) - before) / (time.monotonic() - began))
    if oldest(path) > content.count * (content.days - KEEP) // content.days:
        raise RuntimeError("there was not enough to delete: more --entries, or fewer --runs")
    for what, runs in (("nothing", alone), ("deleting what is old", beside)):
        for key, called in (("p50_ms", "p50"), ("p99_ms", "p99"), ("most_ms", "the slowest")):
            yield plain(f"push beside {what}, {called}", "ms", [run[key] for run in runs])
    more = [one["most_ms"] - other["most_ms"] for one, other in zip(beside, alone, strict=True)]
    yield plain("the slowest, beyond that beside nothing", "ms", more, at_most=AT_MOST)
    yield plain("deleted meanwhile", "entries/s", rates)


def _run(chat: Listener, talkers: list[int], seconds: float) -> Figures:
    with pushes(chat, talkers) as generator:
        return generator.run(seconds)


def _wait_until_it_deletes(options: Options) -> int:
    """Wait until the server has deleted something; return the oldest position then."""
    path = options.directory / "retention.db"
    before, until = oldest(path), time.monotonic() + BEGINS_WITHIN
    while (now := oldest(path)) == before:
        if time.monotonic() > until:
            raise RuntimeError("the server deletes nothing")
        time.sleep(0.02)
    return now
