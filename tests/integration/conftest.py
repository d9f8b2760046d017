from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cluster import cluster_services, new_cluster
from tests.integration.server_process import ServerProcess

__all__ = ["cluster_services", "new_cluster", "server"]  # fixtures, found here by pytest


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A real server on a real SQLite file, with nobody in it yet."""
    # Passwords are hashed cheaply: what they cost is another test's matter.
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", "--hashing", "cheap") as process:
        yield process
