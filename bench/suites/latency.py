"""How long a message takes on a server that has nothing else to do, and how long a commit of it
takes on the same machine."""

import time
from collections.abc import Iterator
from contextlib import closing

from bench import clients
from bench.entries import Entries
from bench.frames import TEXT
from bench.lines import Line, plain
from bench.measuring import quantile
from bench.processes import DURABILITIES, Generator, server
from bench.suites.options import Options

PAUSE = 0.005  # seconds between messages


def lines(options: Options) -> Iterator[Line]:
    for durability in DURABILITIES:
        store = options.sqlite(f"latency-{durability}")
        path = options.directory / f"commits-{durability}.db"
        with (
            server(store, "--durability", durability, root=options.root) as chat,
            closing(Entries(path, durability)) as entries,
            _generator(chat.port, chat.pid) as generator,
        ):
            pushes, commits = [], []
            for _ in range(options.runs):
                pushes.append(generator.run(options.seconds)["p50_ms"])
                commits.append(_commit_ms(entries, options.seconds))
        yield plain(f"push, idle server, {durability}, p50", "ms", pushes)
        yield plain(f"commit of one message, {durability}, p50", "ms", commits)
        more = [push - commit for push, commit in zip(pushes, commits, strict=True)]
        yield plain(f"push, beyond its commit, {durability}, p50", "ms", more, at_most=1)


def _generator(port: int, pid: int) -> Generator:
    users = clients.register_pairs(port, 2)
    return Generator(port=port, pids=[pid], users=users, version=2, load="pushes", pause=PAUSE)


def _commit_ms(entries: Entries, seconds: float) -> float:
    """The median time of a commit, at the same pace."""
    took = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        at = entries.head + 1
        began = time.perf_counter_ns()
        entries.append([(at, 1 << 32 | 2, 1, f"{time.time_ns() // 1_000_000:013}-{at}", 0, TEXT)])
        took.append(time.perf_counter_ns() - began)
        time.sleep(PAUSE)
    return quantile(sorted(took), 0.5)
