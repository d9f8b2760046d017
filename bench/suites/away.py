"""A message to a group of 1,000 who are all away, against one to a single user who is away."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench import clients
from bench.lines import Line, of_load, spread
from bench.processes import Figures, Generator, alternate, server
from bench.suites.options import Options

SENDERS, AWAY = 10, 1_000
WINDOWS = 1, 16
AT_MOST = 1.5  # times the cost of a message to a single user


def lines(options: Options) -> Iterator[Line]:
    with server(options.sqlite("away"), root=options.root) as chat:
        members = clients.register(chat.port, AWAY, prefix="away")
        of_groups = clients.register(chat.port, SENDERS, prefix="of groups")
        group_ids = clients.make_groups(chat.port, [[one, *members] for one in of_groups])
        alone = clients.register(chat.port, SENDERS, prefix="alone")
        recipients = members[:SENDERS]
        clients.befriend(chat.port, zip(alone, recipients, strict=True))
        job = {"port": chat.port, "pids": [chat.pid], "version": 2, "load": "away"}
        for window in WINDOWS:
            with ExitStack() as stack:
                generators = [
                    stack.enter_context(Generator(**job, window=window, users=users, **to))
                    for users, to in (
                        (of_groups, {"group_ids": group_ids}),
                        (alone, {"recipients": recipients}),
                    )
                ]
                groups, single = alternate(generators, options.runs, options.seconds)
            yield from _lines(window, groups, single)


def _lines(window: int, groups: list[Figures], single: list[Figures]) -> Iterator[Line]:
    times = [
        of_all["cpu_us"] / of_one["cpu_us"] for of_all, of_one in zip(groups, single, strict=True)
    ]
    yield of_load(
        f"to a group of {AWAY:,} who are away, window {window}",
        "messages/s",
        groups,
        yardstick="the CPU to one user",
        ratio=spread(times),
        at_most=AT_MOST,
    )
    yield of_load(f"to one user who is away, window {window}", "messages/s", single)
