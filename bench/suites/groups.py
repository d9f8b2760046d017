"""Groups: one message on its way in each, read by all its members."""

from collections.abc import Iterator
from typing import Any

from bench import clients
from bench.lines import Line, plain
from bench.processes import DURABILITIES
from bench.suites.options import Options
from bench.suites.yardsticks import Candidates, candidates, compared

HOW_MANY = {10: 10, 100: 4, 1000: 2}  # groups of each size
AT_LEAST = 0.85  # of the relay that logs


def lines(options: Options) -> Iterator[Line]:
    for durability in DURABILITIES:
        ratios: dict[int, list[float]] = {1: [], 2: []}
        with candidates(options, "groups", durability) as all_:
            for size in HOW_MANY:
                for version, line in enumerate(_lines(options, all_, size), 1):
                    if line.ratio is not None:
                        ratios[version].append(line.ratio.median)
                    yield line
        for version, (smallest, *_, largest) in ratios.items():
            # relative to the relay's own growth, which is that of the sockets it touches
            name = f"groups of 1,000 : of 10, version {version}, {durability}"
            yield plain(name, "times", [smallest / largest])


def _lines(options: Options, all_: Candidates, size: int) -> Iterator[Line]:
    jobs = {version: _job(all_.chat.port, size, version) for version in (1, 2)}
    what = f"of {size:,}, {all_.durability}"
    yield from compared(
        options, all_, jobs, name="groups", what=what, unit="deliveries/s", at_least=AT_LEAST
    )


def _job(port: int, size: int, version: int) -> dict[str, Any]:
    """A load with users of its own, who are members already."""
    users = clients.register(port, size * HOW_MANY[size], prefix=f"of {size} v{version}")
    members = [users[first : first + size] for first in range(0, len(users), size)]
    return {
        "load": "groups",
        "users": users,
        "group_ids": clients.make_groups(port, members),
        "version": version,
        "window": 1,
    }
