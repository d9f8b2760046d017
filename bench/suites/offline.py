"""100 senders write to 100 who are away; then these log in and fetch it.

The yardstick is one sender who waits for each answer: then every message has a commit of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from bench import clients, commits
from bench.lines import Line, of_load, plain, spread
from bench.processes import Figures, Generator, Listener, server
from bench.suites.mariadb import mariadb
from bench.suites.options import Options

SENDERS = 100
ROOMY = "--mailbox-capacity", "100000"


def lines(options: Options) -> Iterator[Line]:
    with server(options.sqlite("offline"), *ROOMY, root=options.root) as chat:
        path = options.directory / "single.db"
        yield from _lines("SQLite", chat, options, lambda: commits.to_sqlite(path, 1))
    with (
        mariadb(options) as store,
        server(store, "--single-node", *ROOMY, root=options.root) as chat,
    ):
        yield from _lines("MariaDB", chat, options, lambda: commits.to_mysql(store, 1))


def _lines(
    name: str, chat: Listener, options: Options, bare: Callable[[], float]
) -> Iterator[Line]:
    """`bare`: what the database does without a server, one commit after the other."""
    users = clients.register(chat.port, 2 * SENDERS + 2)
    with ExitStack() as stack:
        many, one = (
            stack.enter_context(
                Generator(
                    port=chat.port, pids=[chat.pid], users=some, version=2, window=1, load="offline"
                )
            )
            for some in (users[:-2], users[-2:])
        )
        grouped, single, alone = [], [], []
        for _ in range(options.runs):
            grouped.append(many.run(options.seconds))
            single.append(one.run(options.seconds / 2))
            alone.append(bare())
    ratio = spread(
        [all_["rate"] / each["rate"] for all_, each in zip(grouped, single, strict=True)]
    )
    yield of_load(
        f"stored in {name}, 100 senders",
        "messages/s",
        grouped,
        yardstick="one commit each",
        ratio=ratio,
        at_least=10,
    )
    yield of_load(f"one commit each, {name}", "messages/s", single)
    yield plain(f"the same without a server, {name}", "messages/s", alone)
    yield _fetched(name, grouped)


def _fetched(name: str, runs: list[Figures]) -> Line:
    return plain(
        f"login and fetch from {name}",
        "messages/s",
        [run["fetch_rate"] for run in runs],
        cpu_us=spread([run["fetch_cpu_us"] for run in runs]),
    )
