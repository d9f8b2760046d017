"""One to one: 100 clients, half of which write to the other half."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench import clients
from bench.lines import Line, against, of_load
from bench.processes import Generator, alternate, relay, server
from bench.suites.options import Options

CLIENTS = 100
TARGETS = {(1, 1): 0.65, (1, 16): 0.80, (2, 1): 0.55, (2, 16): 0.75}


def lines(options: Options) -> Iterator[Line]:
    with ExitStack() as stack:
        chat = stack.enter_context(server(options.sqlite("p2p"), root=options.root))
        bare = stack.enter_context(relay())
        users = clients.register(chat.port, 2 * CLIENTS)
        halves = {1: users[:CLIENTS], 2: users[CLIENTS:]}
        for window in (1, 16):
            with ExitStack() as loads:
                generators = [
                    Generator(
                        port=chat.port, pids=[chat.pid], users=half, version=version, window=window
                    )
                    for version, half in halves.items()
                ]
                generators.append(
                    Generator(
                        port=bare.port,
                        pids=[bare.pid],
                        users=users[:CLIENTS],
                        version=1,
                        window=window,
                        relay=True,
                    )
                )
                for generator in generators:
                    loads.enter_context(generator)
                old, new, least = alternate(generators, options.runs, options.seconds)
            for version, runs in ((1, old), (2, new)):
                yield against(
                    f"p2p, version {version}, window {window}",
                    "messages/s",
                    runs,
                    least,
                    yardstick="relay",
                    at_least=TARGETS[version, window],
                )
            yield of_load(f"relay, window {window}", "messages/s", least)
