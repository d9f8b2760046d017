import contextlib
from collections.abc import Iterator

import pytest

from tests.integration.bad_input.chatters import KINDS, Bystanders, Regulars
from tests.integration.raw_client import RawClient
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


@pytest.fixture(scope="module")
def regulars(port: int) -> Iterator[Regulars]:
    with contextlib.closing(Regulars(port)) as regulars:
        yield regulars


@pytest.fixture
def regular(regulars: Regulars) -> RawClient:
    """A version 2 client."""
    return regulars["version 2"]


@pytest.fixture(params=KINDS)
def anybody(request: pytest.FixtureRequest, regulars: Regulars) -> RawClient:
    """A client of each kind."""
    return regulars[request.param]


@pytest.fixture
def stranger(port: int) -> Iterator[RawClient]:
    """A client that has not logged in, on a new connection."""
    with RawClient(port) as client:
        yield client
