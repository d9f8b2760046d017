"""What this node has done, in plain numbers that are cheap to increment.

`adapters.operators.metrics` reads them.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

import attrs

# Upper bounds in ms of the latency of acknowledgements; longer ones have a bucket of their own.
ACK_BOUNDS: Sequence[int] = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
# Upper bounds in seconds of the durations of operations of the store and the broker.
WAIT_BOUNDS: Sequence[float] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
# The same for the lag of the event loop.
LAG_BOUNDS: Sequence[float] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


@attrs.define
class Histogram:
    """bounds: ascending. counts: for each bound, the values up to it and above the one before; then
    those above all bounds."""

    bounds: Sequence[float]
    counts: list[int] = attrs.field(init=False)
    sum: float = attrs.field(default=0.0, init=False)

    @counts.default
    def _none(self) -> list[int]:
        return [0] * (len(self.bounds) + 1)

    def add(self, value: float, times: int = 1) -> None:
        self.sum += value * times
        self.counts[bisect_left(self.bounds, value)] += times


@attrs.define
class Tally:
    """written: entries of clients in the log. errors: refusals, by their names in the protocol.
    acks: the latency of entries, in ms. lag: of the event loop, in seconds. durations: those of
    operations, by port and method. failures: how many of them failed. web: answers on the browsers'
    port, by status; 101 is a WebSocket."""

    written: int = 0
    errors: Counter[str] = attrs.field(factory=Counter)
    acks: Histogram = attrs.field(factory=lambda: Histogram(ACK_BOUNDS))
    lag: Histogram = attrs.field(factory=lambda: Histogram(LAG_BOUNDS))
    durations: dict[tuple[str, str], Histogram] = attrs.field(factory=dict)
    failures: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    web: Counter[int] = attrs.field(factory=Counter)

    def committed(self, seconds: float, entries: int) -> None:
        """This many entries were written to the log together, in this many seconds."""
        self.written += entries
        self.acks.add(1000 * seconds, entries)
