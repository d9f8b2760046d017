from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.web_client import WebServer


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    """A real server on a real SQLite file without users."""
    with WebServer(f"sqlite:///{tmp_path}/chat.db", "--hashing", "cheap") as process:
        yield process
