"""The node's metrics in the format of Prometheus, collected on each request."""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

import attrs
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from adapters.faults.incidents import INCIDENTS
from adapters.gateway.tally import Histogram, Tally
from chat_domain.chat import Chat
from chat_domain.ports.runtime import Depths

KIND = "text/plain; version=0.0.4; charset=utf-8"


@attrs.frozen(eq=False)
class NodeCollector(Collector):
    """Each callable is called for each collection.

    connections: those that count for the limit, including TLS handshakes. strangers: how many of
    them nobody is logged in on. held_up: how many make no progress, by reason. connections_limit: 0
    for none. build: labels that identify this program.
    """

    chat: Chat
    tally: Tally
    connections: Callable[[], int]
    strangers: Callable[[], int]
    held_up: Callable[[], Mapping[str, int]]
    draining: Callable[[], bool]
    depths: Depths
    limits: Callable[[], Mapping[str, int]]
    connections_limit: Callable[[], int]
    build: Mapping[str, str] = attrs.field(factory=dict)

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily(
            "chat_build_info", "The version of this program; always 1.", labels=list(self.build)
        )
        build.add_metric(list(self.build.values()), 1)
        yield build
        yield from self._gauges()
        yield from self._ring()
        messages = {"written": self.tally.written, "shown": self.chat.follower.fanout.shown}
        text = "Entries written to the log, and shown."
        yield _counted("chat_messages", text, "what", messages)
        text = "Entries that this node deleted after their retention."
        forgotten = self.chat.retention.forgotten
        yield CounterMetricFamily("chat_entries_forgotten", text, value=forgotten)
        yield from self._refusals()
        text = "From appending a message to the log to acknowledging it."
        yield HistogramMetricFamily("chat_ack_seconds", text, *_buckets(self.tally.acks, 1000))
        text = "How late the event loop runs what is due."
        yield HistogramMetricFamily("chat_loop_lag_seconds", text, *_buckets(self.tally.lag, 1))
        yield from self._waits()
        yield from self._incidents()

    def _gauges(self) -> Iterator[Metric]:
        chat = self.chat
        reading = sum(session.reading for session in chat.sessions)
        for name, text, value in (
            ("chat_sessions", "Sessions of users here.", len(chat.sessions)),
            ("chat_connections", "Open connections.", self.connections()),
            ("chat_connections_not_logged_in", "Those without a login yet.", self.strangers()),
            (
                "chat_connections_limit",
                "Connections beyond which more are refused; 0 for no limit.",
                self.connections_limit(),
            ),
            ("chat_log_position", "Position applied of the log.", chat.follower.applied),
            ("chat_log_lag", "Entries known here but not applied yet.", chat.follower.lag),
            ("chat_append_seconds", "How long the last batch of entries took.", chat.queue.latency),
            ("chat_readers_behind", "Sessions that are reading from the store.", reading),
            ("chat_marks_unwritten", "Users whose mark is not in the store yet.", len(chat.marks)),
            ("chat_lease_held", "1 unless suspended.", int(chat.node.slots.is_active())),
            ("chat_draining", "1 when about to stop.", int(self.draining())),
        ):
            yield GaugeMetricFamily(name, text, value)
        depths = GaugeMetricFamily("chat_queue_depth", "What waits, and where.", labels=["queue"])
        for queue, depth in self.depths.items():
            depths.add_metric([queue], depth())
        yield depths
        held_up = GaugeMetricFamily(
            "chat_connections_held_up", "Connections that are held up.", labels=["why"]
        )
        for why, count in sorted(self.held_up().items()):
            held_up.add_metric([why], count)
        yield held_up

    def _ring(self) -> Iterator[Metric]:
        ring = self.chat.follower.ring
        text = "Reads that the ring of the last entries answered."
        yield CounterMetricFamily("chat_ring_hits", text, value=ring.hits)
        yield CounterMetricFamily(
            "chat_ring_misses", "Those it could not answer.", value=ring.misses
        )

    def _refusals(self) -> Iterator[Metric]:
        text = "Refusals told to clients, by the protocol's name."
        yield _counted("chat_errors", text, "error", self.tally.errors)
        text = "Answers to browsers, by their status; 101 is a WebSocket."
        answers = {str(int(status)): count for status, count in self.tally.web.items()}
        yield _counted("chat_web_answers", text, "status", answers)
        yield _counted("chat_limits", "Limits that were hit.", "limit", self.limits())

    def _waits(self) -> Iterator[Metric]:
        labels = ["port", "operation"]
        waits = HistogramMetricFamily(
            "chat_operation_seconds",
            "How long the store and the broker (port presence) took.",
            labels=labels,
        )
        failures = CounterMetricFamily(
            "chat_operation_failures", "How often they failed.", labels=labels
        )
        for name, histogram in sorted(self.tally.durations.items()):
            waits.add_metric(list(name), *_buckets(histogram, 1))
            failures.add_metric(list(name), self.tally.failures[name])
        yield waits
        yield failures

    def _incidents(self) -> Iterator[Metric]:
        text = "Malformed input from a service."
        yield _counted("chat_malformed", text, "source", INCIDENTS.malformed)
        text = "Unexpected exceptions, by the part that met them."
        yield _counted("chat_defects", text, "where", INCIDENTS.defects)


def _counted(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    """A counter with a count for each value of this label."""
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _buckets(histogram: Histogram, unit: float) -> tuple[list[tuple[str, float]], float]:
    """Cumulative buckets, as Prometheus counts, and the sum. unit: the histogram's units per
    second."""
    names = [*(str(bound / unit) for bound in histogram.bounds), "+Inf"]
    counts: list[float] = list(accumulate(histogram.counts))
    return list(zip(names, counts, strict=True)), histogram.sum / unit


def registry_of(collector: NodeCollector) -> CollectorRegistry:
    """The node's metrics, and those that the system has of its process."""
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    return registry


def page_of(registry: CollectorRegistry) -> bytes:
    return generate_latest(registry)
