"""How many connections a node accepts if the system allows it few files."""

import resource
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from entrypoints.bootstrap import open_gateway
from entrypoints.limits import FILES_OF_OUR_OWN
from entrypoints.settings import Settings


@pytest.fixture(autouse=True)
def few_files() -> Iterator[None]:
    """Allow a thousand files during a test."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    ("asked", "taken"), [(0, 1000 - FILES_OF_OUR_OWN), (10_000, 1000 - FILES_OF_OUR_OWN), (50, 50)]
)
async def test_some_files_are_kept_for_the_store(asked: int, taken: int) -> None:
    """The settings may allow any number of connections; if they allow more, the log says so."""
    settings = Settings(store="memory://", hashing="cheap", connections=asked)
    with capture_logs() as lines:
        async with open_gateway(settings) as gateway:
            assert gateway.shared.guard.limits.connections == taken
    warnings = [line for line in lines if line["event"] == "too few files for all connections"]
    told = [(line["log_level"], line["files"], line["connections"]) for line in warnings]
    assert told == ([("warning", 1000, taken)] if asked > taken else [])
