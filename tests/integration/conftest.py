from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cluster import cluster_services, new_cluster
from tests.integration.server_process import ServerProcess

HERE = Path(__file__).parent
# They want the machine, or a service in trouble, to themselves; the others run side by side.
APART = [
    HERE / name
    for name in (
        "abuse",
        "delivery",
        "test_cluster_failures.py",
        "test_large_things.py",
        "test_redis_refuses.py",
        "test_rolling_restart.py",
        "test_workers.py",
    )
]

__all__ = ["cluster_services", "new_cluster", "server"]  # fixtures, found here by pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(place) for place in APART):
            item.add_marker(pytest.mark.apart)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A real server on a real SQLite file, with nobody in it yet."""
    # Passwords are hashed cheaply: what they cost is another test's matter.
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", "--hashing", "cheap") as process:
        yield process
