"""One to one: half of the clients write to the other half."""

from collections.abc import Iterator
from typing import Any

from bench import clients
from bench.lines import Line
from bench.processes import DURABILITIES
from bench.suites.options import Options
from bench.suites.yardsticks import Candidates, candidates, compared

CLIENTS = 100, 1_000
WINDOWS = 1, 16
AT_LEAST = {1: 0.85, 16: 0.95}  # of the relay that logs, by the window


def lines(options: Options) -> Iterator[Line]:
    for durability in DURABILITIES:
        with candidates(options, "p2p", durability) as all_:
            for count in CLIENTS:
                for window in WINDOWS:
                    yield from _lines(options, all_, count, window)


def _lines(options: Options, all_: Candidates, count: int, window: int) -> Iterator[Line]:
    what = f"window {window}, {count:,} clients, {all_.durability}"
    jobs = {version: _job(all_.chat.port, count, version, window) for version in (1, 2)}
    yield from compared(
        options, all_, jobs, name="p2p", what=what, unit="messages/s", at_least=AT_LEAST[window]
    )


def _job(port: int, count: int, version: int, window: int) -> dict[str, Any]:
    """A load with users of its own."""
    users = clients.register_pairs(port, count, prefix=f"of {count} v{version} w{window}")
    return {"users": users, "version": version, "window": window}
