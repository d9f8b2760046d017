import contextlib
from collections.abc import Iterator

import pytest

from tests.integration.bad_input.chatters import Bystanders
from tests.integration.server_process import ServerProcess


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real server."""
    store = f"sqlite:///{tmp_path_factory.mktemp('bad_input')}/chat.db"
    with ServerProcess(store, "--hashing", "cheap") as server:
        yield server.port


@pytest.fixture(scope="module")
def bystanders(port: int) -> Iterator[Bystanders]:
    with contextlib.closing(Bystanders(port)) as bystanders:
        yield bystanders


@pytest.fixture(autouse=True)
def _undisturbed(bystanders: Bystanders) -> Iterator[None]:
    """Check that two others go on chatting, whatever a test does."""
    yield
    bystanders.chat()
