import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cluster import any_store, cluster_services, home, new_cluster
from tests.integration.server_process import ServerProcess

HERE = Path(__file__).parent
# These tests need the machine to themselves: they measure what others feel of heavy load.
APART = HERE / "abuse"
# The longest go first, alternating between those that mostly wait and those that do not: so the
# processors are busy from the beginning, and no file ends long after all others. Those of `abuse`
# run two at a time: one that floods, and one that hardly keeps the machine busy.
FIRST = [
    HERE / name
    for name in (
        "abuse/test_floods.py",
        "abuse/test_costs.py",
        "abuse/test_fuzz.py",
        "abuse/test_web.py",
        "abuse/test_idlers.py",
        "delivery/test_delivery.py",
        "browser/test_history.py",
        "test_redis_failures.py",
        "browser/test_looks.py",
        "test_redis_refuses.py",
        "browser/test_accounts.py",
        "test_node_failures.py",
        "day",
        "test_redis_comes_later.py",
        "browser/test_reading_aloud.py",
        "browser/test_trouble.py",
        "original_client/test_friends_and_groups.py",
        "browser/test_talking.py",
        "test_database_failures.py",
        "browser/test_list.py",
        "test_workers.py",
        "test_large_things.py",
    )
]

__all__ = [
    "any_store",
    "cluster_services",
    "home",
    "new_cluster",
    "server",
]  # fixtures, found by pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(APART):
            item.add_marker(pytest.mark.apart)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """The index in FIRST that the test belongs to. All others come after, in their order."""
    places = [item.path.is_relative_to(place) for place in FIRST]
    return places.index(True) if any(places) else len(places)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what bystanders have felt (`abuse`), whichever process ran the test."""
    reports = itertools.chain.from_iterable(terminalreporter.stats.values())
    felt = [
        value
        for report in reports
        if getattr(report, "when", None) == "teardown"
        for name, value in report.user_properties
        if name == "felt"
    ]
    if felt:
        terminalreporter.section("what bystanders felt")
        terminalreporter.write_line("\n".join(felt))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A real server on a real SQLite file without users."""
    # Passwords are hashed cheaply: what they cost is for another test.
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", "--hashing", "cheap") as process:
        yield process
