"""Two nodes: one half of the clients on each, compared with both halves on one."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

from bench import clients
from bench.lines import Line, against, of_load
from bench.processes import GENERATOR_CORE, Generator, alternate, server
from bench.suites.mariadb import mariadb
from bench.suites.options import Options
from entrypoints.services.redis import Redis

CLIENTS = 100


def lines(options: Options) -> Iterator[Line]:
    with ExitStack() as stack:
        store = stack.enter_context(mariadb(options))
        redis = stack.enter_context(Redis(options.directory / "redis"))
        os.sched_setaffinity(redis.pid, {GENERATOR_CORE})
        # Both on the server's core, as the one node is that they are compared with.
        near, far = (
            stack.enter_context(server(store, "--broker", redis.url(), root=options.root))
            for _ in range(2)
        )
        users = clients.register(near.port, 2 * CLIENTS)
        for window in (1, 16):
            with ExitStack() as loads:
                generators = [
                    Generator(
                        port=near.port,
                        port_of_readers=port,
                        users=some,
                        version=2,
                        window=window,
                        pids=[near.pid, far.pid],
                    )
                    for port, some in ((far.port, users[:CLIENTS]), (near.port, users[CLIENTS:]))
                ]
                for generator in generators:
                    loads.enter_context(generator)
                two, one = alternate(generators, options.runs, options.seconds)
            yield against(
                f"across two nodes, window {window}",
                "messages/s",
                two,
                one,
                yardstick="one node",
                at_least=0.25,
            )
            yield of_load(f"the same on one node, window {window}", "messages/s", one)
