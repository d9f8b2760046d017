"""Groups: one message on its way in each, read by all its members."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from bench import clients
from bench.lines import Line, against, of_load, plain
from bench.processes import Generator, Listener, alternate, relay, server
from bench.suites.options import Options

HOW_MANY = {10: 10, 100: 4, 1000: 2}  # groups of each size
TARGETS = {1: 0.85, 2: 0.45}  # for sizes up to 100


def lines(options: Options) -> Iterator[Line]:
    ratios: dict[str, list[float]] = {}
    for size, count in HOW_MANY.items():
        with ExitStack() as stack:
            chat = stack.enter_context(server(options.sqlite(f"group{size}"), root=options.root))
            bare = stack.enter_context(relay())
            for line in _lines(options, size, count, chat, bare):
                if line.ratio is not None:
                    ratios.setdefault(line.name[-9:], []).append(line.ratio.median)
                yield line
    for version, (smallest, *_, largest) in ratios.items():
        # beside the relay's own growth, which is that of the sockets that are touched
        yield plain(f"groups of 1,000 : of 10, {version}", "times", [smallest / largest])


def _lines(
    options: Options, size: int, count: int, chat: Listener, bare: Listener
) -> Iterator[Line]:
    jobs = [_job(chat, size, count, version) for version in (1, 2)]
    jobs.append(jobs[0] | {"port": bare.port, "pids": [bare.pid], "relay": True})
    with ExitStack() as stack:
        generators = [stack.enter_context(Generator(**job)) for job in jobs]
        old, new, least = alternate(generators, options.runs, options.seconds)
    for version, runs in ((1, old), (2, new)):
        target = TARGETS[version] if size <= 100 else None
        name = f"groups of {size:,}, version {version}"
        yield against(name, "deliveries/s", runs, least, yardstick="relay", at_least=target)
    yield of_load(f"relay, groups of {size:,}", "deliveries/s", least)


def _job(chat: Listener, size: int, count: int, version: int) -> dict[str, Any]:
    """A load of users of its own, who are members already."""
    users = clients.register(chat.port, size * count, prefix=f"member {version}")
    members = [users[first : first + size] for first in range(0, len(users), size)]
    return {
        "port": chat.port,
        "pids": [chat.pid],
        "users": users,
        "group_ids": clients.make_groups(chat.port, members),
        "version": version,
        "window": 1,
    }
