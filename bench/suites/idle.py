"""What 10,000 idle sessions, each in five groups, cost in memory, and what they cost the hundred
users who chat."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench import clients
from bench.lines import Line, of_load, plain, spread
from bench.measuring import cpu_of
from bench.processes import Generator, alternate, rss, server
from bench.suites.options import Options

IDLE, CHATTING = 10_000, 100
GROUPS_EACH, MEMBERS = 5, 100


def lines(options: Options) -> Iterator[Line]:
    with server(options.sqlite("crowded"), root=options.root) as preparing:
        idle = clients.register(preparing.port, IDLE, prefix="idle")
        _fill_groups(preparing.port, idle)
    with ExitStack() as stack:
        alone, crowded = (
            stack.enter_context(server(options.sqlite(name), root=options.root))
            for name in ("alone", "crowded")
        )
        time.sleep(1)
        before = rss(crowded.pid)
        stack.enter_context(
            Generator(port=crowded.port, users=idle, version=2, window=0, pids=[], load="idle")
        )
        time.sleep(1)
        each = (rss(crowded.pid) - before) / IDLE / 1024
        name = f"memory of one of {IDLE:,} idle sessions, {GROUPS_EACH} groups each"
        yield plain(name, "KiB", [each], at_most=8)
        yield plain(f"{IDLE:,} idle sessions", "CPU ms/s", _cost_of_idling(crowded.pid, options))
        generators = [
            stack.enter_context(
                Generator(
                    port=chat.port,
                    users=clients.register_pairs(chat.port, CHATTING),
                    version=2,
                    window=1,
                    pids=[chat.pid],
                )
            )
            for chat in (alone, crowded)
        ]
        few, many = alternate(generators, options.runs, options.seconds)
    yield of_load("100 chatting, nobody else", "messages/s", few)
    yield of_load(f"100 chatting, {IDLE:,} idle", "messages/s", many)
    for what, key in (("p99", "p99_ms"), ("CPU of a message", "cpu_us")):
        yield plain(
            f"{what} with {IDLE:,} idle : without",
            "times",
            [crowd[key] / one[key] for crowd, one in zip(many, few, strict=True)],
            at_most=1.5,
            note=f"{spread([one[key] for one in many]).median:.2f}",
        )


def _fill_groups(port: int, users: list[int]) -> None:
    """Put each of them into GROUPS_EACH groups, with different members in each."""
    numbers = random.Random(5)
    groups = []
    for _ in range(GROUPS_EACH):
        numbers.shuffle(users)
        groups += [users[first : first + MEMBERS] for first in range(0, len(users), MEMBERS)]
    clients.make_groups(port, groups)


def _cost_of_idling(pid: int, options: Options) -> list[float]:
    costs = []
    for _ in range(options.runs):
        used = cpu_of(pid)
        time.sleep(options.seconds)
        costs.append((cpu_of(pid) - used) * 1000 / options.seconds)
    return costs
