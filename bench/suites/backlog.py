"""What it costs to store and to fetch, by how much is stored already."""

from collections.abc import Iterator

from bench import clients, offline
from bench.lines import Line, plain
from bench.measuring import cpu_of
from bench.processes import Listener, server
from bench.suites.options import Options

RECIPIENTS = 20
BACKLOGS = (10, 100, 1000)  # messages that wait for each
ROOMY = "--mailbox-capacity", "100000"


def lines(options: Options) -> Iterator[Line]:
    with server(options.sqlite("backlog"), *ROOMY, root=options.root) as chat:
        users = clients.register(chat.port, 2 * RECIPIENTS)
        runs = [[_run(chat, users, count) for count in BACKLOGS] for _ in range(options.runs)]
    for at, what in enumerate(("stored", "fetched")):
        for position, count in enumerate(BACKLOGS):
            costs = [run[position][at] for run in runs]
            yield plain(f"{what}, mailboxes of {count:,}", "CPU µs", costs)
        growth = [run[-1][at] / run[0][at] for run in runs]
        name = f"{what}: cost of a message at {BACKLOGS[-1]:,} : at {BACKLOGS[0]}"
        yield plain(name, "times", growth, at_most=1.5)


def _run(chat: Listener, users: list[int], count: int) -> tuple[float, float]:
    """Fill each mailbox to this number, then let all be fetched: CPU µs of a message."""
    senders, recipients = users[:RECIPIENTS], users[RECIPIENTS:]
    socks = clients.log_in(chat.port, senders, 2)
    load = offline.Storing(socks, senders, recipients)
    tenth = max(1, count // 10)
    offline.send(load, count - tenth)
    used = cpu_of(chat.pid)
    offline.send(load, tenth)
    stored = (cpu_of(chat.pid) - used) * 1e6 / (tenth * len(recipients))
    clients.log_out(socks)
    fetched = offline.fetch(chat.port, dict.fromkeys(recipients, count), chat.pid)
    return stored, fetched["cpu_us"]
