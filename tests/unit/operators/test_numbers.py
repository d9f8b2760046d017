"""Counting, measuring, and the page in Prometheus' format."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.faults.incidents import INCIDENTS
from adapters.gateway.tally import Histogram, Tally
from adapters.operators.lag import measure_lag
from adapters.operators.metrics import NodeCollector, page_of, registry_of
from adapters.operators.readiness import Readiness
from chat_domain.errors import TryAgain
from chat_domain.notes import Appended
from entrypoints.bootstrap import open_gateway
from entrypoints.operating import depths
from entrypoints.settings import Settings
from tests.unit.gateway.server import Server, settled


def test_a_histogram_counts_up_to_its_bounds() -> None:
    """A value on a bound counts below it. Values above all bounds are counted separately."""
    histogram = Histogram((1, 5))
    for value in (0, 1, 2, 5, 6):
        histogram.add(value)
    assert (histogram.counts, histogram.sum) == ([2, 2, 1], 14)


Samples = Mapping[tuple[str, ...], float]


def samples(server: Server, tally: Tally) -> Samples:
    """The samples on the page, by name and labels."""
    collector = NodeCollector(
        chat=server.chat,
        tally=tally,
        connections=lambda: 3,
        strangers=lambda: 2,
        held_up=lambda: {"not_reading": 1},
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


def test_the_page_has_the_numbers(server: Server) -> None:
    """It has the program's version, gauges, latencies in seconds, errors and limits."""
    tally = Tally()
    tally.committed(0.007, 2)
    server.chat.follower.fanout.shown = 5
    tally.errors["mailbox_full"] += 1
    tally.lag.add(0.3)
    tally.durations["log", "append"] = Histogram((1, 5))
    tally.durations["log", "append"].add(2)
    tally.failures["log", "append"] += 3
    INCIDENTS.bad_input("redis", "packet", "it is truncated")
    INCIDENTS.defect("clock", ValueError())
    found = samples(server, tally)
    assert found["chat_build_info", "3.11.0", "1.2.3"] == 1
    assert found["chat_connections",] == 3
    assert found["chat_connections_not_logged_in",] == 2
    assert found["chat_connections_held_up", "not_reading"] == 1
    assert found["chat_connections_limit",] == 10
    assert found["chat_lease_held",] == 1
    assert found["chat_draining",] == 0
    assert found["chat_queue_depth", "a queue"] == 5
    assert [found["chat_messages_total", what] for what in ("written", "shown")] == [2, 5]
    assert found["chat_ack_seconds_bucket", "0.005"] == 0
    assert found["chat_ack_seconds_bucket", "0.01"] == 2
    assert found["chat_ack_seconds_count",] == found["chat_ack_seconds_bucket", "+Inf"] == 2
    assert found["chat_ack_seconds_sum",] == pytest.approx(0.014)
    assert found["chat_loop_lag_seconds_bucket", "0.25"] == 0
    assert found["chat_loop_lag_seconds_bucket", "0.5"] == 1
    assert found["chat_operation_seconds_bucket", "1.0", "append", "log"] == 0
    assert found["chat_operation_seconds_bucket", "5.0", "append", "log"] == 1
    assert found["chat_operation_failures_total", "append", "log"] == 3
    assert found["chat_errors_total", "mailbox_full"] == 1
    assert found["chat_limits_total", "too_fast_cut"] == 2
    assert [found["chat_malformed_total", source] for source in ("redis", "database")] == [1, 0]
    assert found["chat_defects_total", "clock"] == 1
    assert ("process_open_fds",) in found


async def test_the_page_says_how_the_log_is_followed(server: Server) -> None:
    """It has the position, the lag, the readers that are behind, the misses of the ring, and the
    marks that are not written yet."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    before = samples(server, server.gateway.shared.tally)
    assert before["chat_sessions",] == 2
    await bob.ask(1005, toid=1, msg="one")
    ann.handler.choked()
    await bob.ask(1005, toid=1, msg="two")
    server.chat.follower.ring.begin(2)
    server.log.gate.clear()
    ann.handler.unchoked()
    await settled()
    ann.say({"msgid": 1014, "at": 1})
    server.chat.follower.on_note(Appended(server.chat.follower.epoch, 3, 7, ()))
    found = samples(server, server.gateway.shared.tally)
    assert found["chat_log_position",] == 2
    assert found["chat_log_lag",] == 5
    assert found["chat_readers_behind",] == 1
    assert found["chat_marks_unwritten",] == 1
    assert found["chat_ring_misses_total",] == before["chat_ring_misses_total",] + 1
    assert [found["chat_messages_total", what] for what in ("written", "shown")] == [2, 1]
    assert found["chat_ack_seconds_count",] == found["chat_ack_seconds_bucket", "0.001"] == 2
    server.log.gate.set()
    await settled()
    found = samples(server, server.gateway.shared.tally)
    assert found["chat_readers_behind",] == 0
    assert found["chat_messages_total", "shown"] == 2


async def test_what_waits_for_the_log_is_on_the_page(server: Server) -> None:
    """The page also has how long the last batch took."""
    ann = await server.logged_in("Ann")
    server.log.slow_writes = True
    ann.say(*({"msgid": 1005, "toid": 1, "msg": "hello"} for _ in range(3)))
    await settled()
    assert depths(server.gateway)["log"]() == 3
    server.clock.advance(2)
    server.log.serve()
    await settled()
    found = samples(server, server.gateway.shared.tally)
    assert found["chat_append_seconds",] == 2
    assert [found["chat_ack_seconds_bucket", bound] for bound in ("1.0", "2.5")] == [0, 3]


async def test_a_server_counts_what_it_writes() -> None:
    """It counts with metrics and without. Otherwise it would report that it is idle."""
    for port in (0, 1):
        async with open_gateway(
            Settings(store="memory://", hashing="cheap", http_port=port)
        ) as gateway:
            chat = gateway.shared.chat
            await chat.groups.create(await chat.registration.register("Ann", "pw"), "hikers", "")
            assert gateway.shared.tally.written == 1


async def test_what_is_refused_is_counted_by_its_name(server: Server) -> None:
    """Chats and other requests are counted, whether or not the client can be told."""
    ann, old = await server.logged_in("Ann"), await server.logged_in("Old", version=1, end=b"\0")
    await ann.ask(1005, toid=99, msg="to nobody")
    await ann.ask(1021, friendid=99)
    ann.link.arrives(b"{}\n")
    old.say({"msgid": 1005, "toid": 99, "msg": "to nobody"})
    await settled()
    assert server.gateway.shared.tally.errors == {
        "no_such_user": 2, "not_friends": 1, "bad_field": 1,
    }  # fmt: skip


async def test_the_loop_s_lag_is_how_late_a_timer_fires() -> None:
    """If a timer fires early because the clock rounds, it is in time."""
    lag = Histogram((1, 10))
    times = iter([0.0, 5.0, 100.0, 99.9])
    for _ in range(2):
        await measure_lag(lag, 0.0, lambda: next(times))
    assert (lag.counts, lag.sum) == ([1, 1, 0], 5.0)


async def test_a_node_is_ready_when_all_is_well(server: Server) -> None:
    """It is not ready while it stops, without its lease, or without its store."""
    draining = False
    assert await Readiness(server.chat, lambda: draining).problems() == []
    readiness = Readiness(server.chat, lambda: draining)
    draining = True
    assert await readiness.problems() == ["draining"]
    draining = False
    server.chat.node.slots.suspended = True
    assert await readiness.problems() == ["lease"]


@pytest.mark.parametrize("failure", [TryAgain(), ValueError("a defect")])
async def test_a_node_without_its_store_is_not_ready(
    server: Server, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """The store may be away, or a defect may be in the way."""

    async def nothing(*_: object) -> None:
        raise failure

    monkeypatch.setattr(type(server.log), "now_ms", nothing)
    assert await Readiness(server.chat, lambda: False).problems() == ["store"]


async def test_a_node_whose_sqlite_file_is_away_is_not_ready(tmp_path: Path) -> None:
    """It is ready again as soon as the file is back."""
    file, elsewhere = tmp_path / "chat.db", tmp_path / "elsewhere.db"
    async with open_gateway(Settings(store=f"sqlite:///{file}", hashing="cheap")) as gateway:
        chat = gateway.shared.chat
        file.rename(elsewhere)
        assert await Readiness(chat, lambda: False).problems() == ["store"]
        elsewhere.rename(file)
        assert await Readiness(chat, lambda: False).problems() == []


@pytest.mark.parametrize(
    ("ahead_ms", "problems"),
    [(1_000, []), (-1_000, []), (1_500, ["clock (+1.5 s)"]), (-300_000, ["clock (-300.0 s)"])],
)
async def test_a_node_whose_clock_is_off_the_stores_is_not_ready(
    server: Server, ahead_ms: int, problems: list[str]
) -> None:
    """If it is off by more than a second, its users' messages get a wrong time."""
    server.log.now = lambda: server.clock.now_ms() - ahead_ms
    assert await Readiness(server.chat, lambda: False).problems() == problems


async def test_a_node_that_does_not_hear_the_others_is_not_ready(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on all the same, and reads the log for what they write."""
    monkeypatch.setattr(type(server.chat.node.broker), "is_receiving", lambda _: False)
    assert await Readiness(server.chat, lambda: False).problems() == ["broker"]


async def test_the_store_is_not_asked_more_often_than_once_a_second(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any number of callers share an answer. What the node itself knows counts at once."""
    readiness = Readiness(server.chat, lambda: False)
    assert await readiness.problems() == []
    monkeypatch.setattr(type(server.log), "now_ms", None)  # any call fails
    assert await readiness.problems() == []
    server.chat.node.slots.suspended = True
    assert await readiness.problems() == ["lease"]
    monkeypatch.setattr("adapters.operators.readiness.GOOD_FOR", 0.0)
    with pytest.raises(TypeError):
        await readiness.problems()
