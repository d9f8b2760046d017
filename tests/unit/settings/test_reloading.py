"""Reloading the settings: what takes effect at once, what does not, and what is refused."""

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
from structlog.testing import capture_logs

from entrypoints.bootstrap import open_gateway
from entrypoints.declaring import BadSettings
from entrypoints.logs import THRESHOLD
from entrypoints.protocols import entrance
from entrypoints.reloading import Configuration, changes, take
from entrypoints.settings import Settings
from tests.unit.gateway.server import FakeLink

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
BEFORE = Settings(store="memory://", hashing="cheap")


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    """Restore the log level of this process after a test."""
    before = THRESHOLD.level
    yield
    THRESHOLD.set(before)


def reloaded(found: Settings) -> tuple[Configuration, list[Settings]]:
    """A configuration that has reloaded these settings, and the settings that were applied."""
    taken: list[Settings] = []
    configuration = Configuration(BEFORE, lambda: found, taken.append)
    configuration.reload()
    return configuration, taken


def test_what_reloads_counts_and_what_does_not_stays() -> None:
    """The log names both."""
    found = attrs.evolve(BEFORE, connections=5, registration="closed", port=7000, workers=1)
    with capture_logs() as lines:
        configuration, taken = reloaded(attrs.evolve(found, durability="process"))
    expected = attrs.evolve(BEFORE, connections=5, registration="closed")
    assert taken == [expected]
    assert configuration.settings == expected
    assert [(line["event"], line.get("changed", line.get("settings"))) for line in lines] == [
        ("configuration reloaded", ["registration", "connections"]),
        ("these settings take effect at the next start", ["port", "durability"]),
    ]


def refuse() -> Settings:
    raise BadSettings("connections = -1: a whole number")


@pytest.mark.parametrize(
    "read",
    [
        refuse,
        lambda: attrs.evolve(BEFORE, connections=5, store="postgres://chat:hunter2@db"),
        lambda: attrs.evolve(BEFORE, connections=5, broker="amqp://chat:hunter2@broker"),
    ],
    ids=["unreadable", "store", "broker"],
)
def test_of_a_bad_configuration_nothing_counts(read: Callable[[], Settings]) -> None:
    """Its valid settings are not applied either, and no error is left for the next start to
    find."""
    taken: list[Settings] = []
    configuration = Configuration(BEFORE, read, taken.append)
    with capture_logs() as lines:
        assert not configuration.reload()
    (line,) = lines
    assert line["event"] == "configuration not reloaded, the old one stays"
    assert "hunter2" not in line["why"]
    assert taken == []
    assert configuration.settings == BEFORE


def test_where_it_cannot_be_taken_the_old_one_stays() -> None:
    """A bad certificate is found only when it is loaded."""

    def refuse_to_take(_: Settings) -> None:
        raise BadSettings("--tls-cert: no")

    found = attrs.evolve(BEFORE, log_level="debug")
    configuration = Configuration(BEFORE, lambda: found, refuse_to_take)
    THRESHOLD.set("info")
    assert not configuration.reload()
    assert configuration.settings == BEFORE
    assert THRESHOLD.level == "info"


def test_a_level_that_was_not_changed_in_the_configuration_stays() -> None:
    """An operator may have set another level meanwhile."""
    THRESHOLD.set("debug")
    reloaded(attrs.evolve(BEFORE, connections=5))
    assert THRESHOLD.level == "debug"
    reloaded(attrs.evolve(BEFORE, log_level="error"))
    assert THRESHOLD.level == "error"


def test_tls_neither_begins_nor_ends() -> None:
    """Its files may change, however."""
    secure = attrs.evolve(BEFORE, tls_cert="a", tls_key="b")
    assert changes(BEFORE, secure) == changes(secure, BEFORE) == ([], ["tls_cert", "tls_key"])
    other = attrs.evolve(BEFORE, tls_cert="c", tls_key="b")
    assert changes(secure, other) == (["tls_cert"], [])


async def test_what_is_taken_counts() -> None:
    """The guard, the entrance and existing connections use the new settings."""
    async with open_gateway(BEFORE) as gateway:
        door = entrance(BEFORE, gateway, None)
        meter = gateway.add(FakeLink()).context.meter
        after = attrs.evolve(
            BEFORE,
            frames_per_second=1,
            connections=7,
            friends_per_user=1,
            registration="closed",
            waiting_from_unlisted=3,
            proxy_from="10.0.0.0/8",
            origin="https://chat.example.org",
        )
        take(after, gateway, door, None)
        shared = gateway.shared
        meter.frames = 50
        assert meter.charge(0.0) > 0
        assert shared.guard.limits == shared.chat.friends.guard.limits == after.limits()
        assert not shared.guard.registration_open
        assert shared.chat.one_to_one.guard is shared.chat.groups.guard is shared.guard
        assert door.proxies.networks == after.proxy_networks()
        assert door.access.origins == after.origins()


def test_the_page_says_what_reloads() -> None:
    """The page names them as the file does, in the order of the table above."""
    (listed,) = [line for line in PAGE.read_text("utf-8").split("\n\n") if "count at once:" in line]
    names = [field.name for field in attrs.fields(Settings) if field.metadata.get("reloads")]
    assert listed.partition("count at once:")[2].split("`")[1::2] == names
