"""Counting, measuring, and saying it in Prometheus' words."""

from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.gateway.tally import Histogram, Tally
from adapters.incidents import INCIDENTS
from adapters.memory import memory_store
from adapters.operators.lag import measure_lag
from adapters.operators.metrics import NodeCollector, page_of, registry_of
from adapters.operators.readiness import Readiness
from adapters.operators.timed import timed_store
from chat_domain.delivery.receipt import Receipt
from chat_domain.errors import MailboxFull, TryAgain
from chat_domain.names import Name
from tests.unit.world import World


def test_a_histogram_counts_up_to_its_bounds() -> None:
    """A value on a bound is below it; what is above all has its own place."""
    histogram = Histogram((1, 5))
    for value in (0, 1, 2, 5, 6):
        histogram.add(value)
    assert (histogram.counts, histogram.sum) == ([2, 2, 1], 14)


def answered(tally: Tally, world: World, *, stored: bool = False, refused: bool = False) -> None:
    """Somebody's message is answered 7 ms after it was accepted."""
    ann = world.newcomer(f"Ann {stored} {refused}")
    message = world.chat.delivery.accept(ann.session, 0, "hello", None)
    receipt = Receipt(ann.session, message, message.mid, 1, 1, stored=stored)
    if refused:
        receipt.error = MailboxFull(2)
    tally.answered(receipt, message.time_ms + 7)


def samples(world: World, tally: Tally) -> Mapping[tuple[str, ...], float]:
    """What is on the page, by name and labels."""
    collector = NodeCollector(
        chat=world.chat,
        tally=tally,
        connections=lambda: 3,
        strangers=lambda: 2,
        held_up=lambda: {"stalled": 1},
        draining=lambda: False,
        depths={"a queue": lambda: 5},
        limits=lambda: {"too_fast_cut": 2},
        connections_limit=lambda: 10,
        build={"version": "1.2.3", "python": "3.11.0"},
    )
    families = text_string_to_metric_families(page_of(registry_of(collector)).decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_page_has_the_numbers() -> None:
    """The program, gauges, outcomes, latencies in seconds, errors and limits."""
    world, tally = World(), Tally()
    answered(tally, world)
    answered(tally, world, stored=True)
    answered(tally, world, refused=True)
    tally.errors["mailbox_full"] += 1
    tally.lag.add(0.3)
    INCIDENTS.bad_input("redis", "packet", "it is truncated")
    INCIDENTS.defect("clock", ValueError())
    found = samples(world, tally)
    assert found["chat_build_info", "3.11.0", "1.2.3"] == 1
    assert found["chat_sessions",] == 3
    assert found["chat_connections",] == 3
    assert found["chat_connections_not_logged_in",] == 2
    assert found["chat_connections_held_up", "stalled"] == 1
    assert found["chat_connections_limit",] == 10
    assert found["chat_lease_held",] == 1
    assert found["chat_queue_depth", "a queue"] == 5
    assert [
        found["chat_messages_total", outcome] for outcome in ("delivered", "stored", "refused")
    ] == [1, 1, 1]
    assert found["chat_ack_seconds_bucket", "0.005"] == 0
    assert found["chat_ack_seconds_bucket", "0.01"] == 2
    assert found["chat_ack_seconds_count",] == found["chat_ack_seconds_bucket", "+Inf"] == 2
    assert found["chat_ack_seconds_sum",] == pytest.approx(0.014)
    assert found["chat_loop_lag_seconds_bucket", "0.25"] == 0
    assert found["chat_loop_lag_seconds_bucket", "0.5"] == 1
    assert found["chat_errors_total", "mailbox_full"] == 1
    assert found["chat_limits_total", "too_fast_cut"] == 2
    assert [found["chat_malformed_total", source] for source in ("redis", "database")] == [1, 0]
    assert found["chat_defects_total", "clock"] == 1
    assert ("process_open_fds",) in found


async def test_the_loop_s_lag_is_how_late_a_timer_fires() -> None:
    """A timer that fires early, by a clock that rounds, is in time."""
    lag = Histogram((1, 10))
    times = iter([0.0, 5.0, 100.0, 99.9])
    for _ in range(2):
        await measure_lag(lag, 0.0, lambda: next(times))
    assert (lag.counts, lag.sum) == ([1, 1, 0], 5.0)


async def test_a_node_is_ready_when_all_is_well() -> None:
    """And not while it stops, without a lease, or without its store."""
    world, draining = World(), False
    readiness = Readiness(world.chat, lambda: draining)
    assert await readiness.troubles() == []
    draining = True
    assert await readiness.troubles() == ["draining"]
    draining = False
    world.chat.node.standing.suspended = True
    assert await readiness.troubles() == ["lease"]


@pytest.mark.parametrize("failure", [TryAgain(), ValueError("a defect")])
async def test_a_node_that_does_not_hear_the_others_is_not_ready(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """It would log nobody in."""

    async def nothing_comes() -> None:
        raise failure

    world = World()
    monkeypatch.setattr(world.chat.node.broker, "catch_up", nothing_comes)
    assert await Readiness(world.chat, lambda: False).troubles() == ["broker"]
