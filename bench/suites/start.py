"""From the command to the first connection that is accepted."""

import time
from collections.abc import Iterator

from bench.lines import Line, plain
from bench.processes import server
from bench.suites.options import Options


def lines(options: Options) -> Iterator[Line]:
    seconds = []
    for number in range(options.runs + 1):
        with server(options.sqlite(f"start{number}"), root=options.root) as chat:
            seconds.append(chat.started_in)
        time.sleep(0.1)
    # The first may have compiled the bytecode that the others only read.
    yield plain("start to accepting", "s", seconds[1:], at_most=0.5)
