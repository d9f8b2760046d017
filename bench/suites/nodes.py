"""One to three nodes on one database. Senders are on the first node, and readers on the second if
there is one; a third only follows. The CPU is that of all nodes."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from bench import clients
from bench.lines import Line, against, of_load
from bench.processes import GENERATOR_CORE, Generator, Listener, alternate, server
from bench.suites.options import Options
from entrypoints.services.mariadb import MariaDB
from entrypoints.services.node import initialise_database
from entrypoints.services.redis import Redis

CLIENTS = 100
WINDOWS = 1, 16
NODES = 1, 2, 3
AT_LEAST = {2: 0.6}  # of the work of one node, by the number of nodes


def lines(options: Options) -> Iterator[Line]:
    with ExitStack() as stack:
        names = {count: f"chat_{count}" for count in NODES}
        setup = "".join(f"CREATE DATABASE IF NOT EXISTS {name};\n" for name in names.values())
        database = stack.enter_context(MariaDB(options.directory / "mariadb", setup=setup))
        clusters = [_cluster(stack, database.url(names[count]), count, options) for count in NODES]
        for window in WINDOWS:
            with ExitStack() as loads:
                generators = [loads.enter_context(_generator(nodes, window)) for nodes in clusters]
                one, *more = alternate(generators, options.runs, options.seconds)
            what = f"p2p, version 2, window {window}, MariaDB"
            yield of_load(f"{what}, 1 node", "messages/s", one)
            for count, runs in zip(NODES[1:], more, strict=True):
                yield against(
                    f"{what}, {count} nodes",
                    "messages/s",
                    runs,
                    one,
                    yardstick="1 node",
                    at_least=AT_LEAST.get(count),
                )


def _cluster(stack: ExitStack, store: str, count: int, options: Options) -> Sequence[Listener]:
    """So many nodes with a database and a Redis of their own, so that clusters can take turns. The
    nodes share a core, since their CPU is compared with that of one node."""
    home = options.directory / f"cluster{count}"
    home.mkdir()
    redis = stack.enter_context(Redis(home / "redis"))
    os.sched_setaffinity(redis.pid, {GENERATOR_CORE})
    initialise_database(store, home / "init-db.log")
    return [
        stack.enter_context(server(store, "--broker", redis.url(), root=options.root))
        for _ in range(count)
    ]


def _generator(nodes: Sequence[Listener], window: int) -> Generator:
    near, far = nodes[0], nodes[min(1, len(nodes) - 1)]
    return Generator(
        port=near.port,
        port_of_readers=far.port,
        pids=[node.pid for node in nodes],
        users=clients.register_pairs(near.port, CLIENTS, prefix=f"window {window}"),
        version=2,
        window=window,
    )
