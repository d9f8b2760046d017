"""The lines of a report: one kind of work each, with its yardstick from the same run."""

import statistics
from collections.abc import Sequence
from typing import Any

import attrs

from bench.processes import Figures


@attrs.frozen
class Spread:
    least: float
    median: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    return Spread(min(values), statistics.median(values), max(values))


@attrs.frozen
class Line:
    """name: what was done. unit: that of `value`. cpu_us, loop_us: CPU for one unit, of all threads
    and of the event loop's.

    ratio, loop_ratio, rate_ratio: to the yardstick, run by run, of the work per second of CPU, per
    second of the loop's CPU, and per second. bare_ratio: like `ratio`, to the relay that does not
    even log. at_least, at_most: the target, for the ratio if there is one, otherwise for the value.
    """

    name: str
    unit: str
    value: Spread
    cpu_us: Spread | None = None
    loop_us: Spread | None = None
    p50_ms: Spread | None = None
    p99_ms: Spread | None = None
    yardstick: str = ""
    ratio: Spread | None = None
    loop_ratio: Spread | None = None
    rate_ratio: Spread | None = None
    bare_ratio: Spread | None = None
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def judged(self) -> float:
        return (self.ratio or self.value).median

    @property
    def verdict(self) -> str:
        if self.at_least is not None:
            return "met" if self.judged >= self.at_least else "MISSED"
        if self.at_most is not None:
            return "met" if self.judged <= self.at_most else "MISSED"
        return ""


def of_load(name: str, unit: str, runs: Sequence[Figures], **more: Any) -> Line:
    """A line about a load of `bench.measuring`."""

    def column(key: str) -> Spread:
        return spread([run[key] for run in runs])

    return Line(
        name,
        unit,
        column("rate"),
        cpu_us=column("cpu_us"),
        loop_us=column("loop_us"),
        p50_ms=column("p50_ms"),
        p99_ms=column("p99_ms"),
        **more,
    )


def against(
    name: str,
    unit: str,
    runs: Sequence[Figures],
    others: Sequence[Figures],
    bare: Sequence[Figures] | None = None,
    **more: Any,
) -> Line:
    """The same, compared with another load in the same run and, if given, with the bare relay's.

    The ratio is that of the messages per second of CPU. It equals the ratio of the rates if both
    have a core to themselves, and stays true if other processes use that core as well.
    """
    return of_load(
        name,
        unit,
        runs,
        ratio=_ratio(others, runs, "cpu_us"),
        loop_ratio=_ratio(others, runs, "loop_us"),
        rate_ratio=_ratio(runs, others, "rate"),
        bare_ratio=None if bare is None else _ratio(bare, runs, "cpu_us"),
        **more,
    )


def _ratio(over: Sequence[Figures], under: Sequence[Figures], key: str) -> Spread:
    return spread([one[key] / other[key] for one, other in zip(over, under, strict=True)])


def plain(name: str, unit: str, values: Sequence[float], **more: Any) -> Line:
    return Line(name, unit, spread(values), **more)
