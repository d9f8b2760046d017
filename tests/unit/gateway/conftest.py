from collections.abc import Callable, Iterator

import pytest
import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict

from entrypoints.logs import labelled
from tests.unit.gateway.server import Server
from tests.unit.gateway.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], VirtualTimeLoop]]:
    """Time passes at once in these tests, and not at all while something happens."""
    return {"virtual time": VirtualTimeLoop}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    """What is logged from info on, as it is about to be rendered."""
    capture = LogCapture()
    structlog.configure(
        processors=[labelled, capture],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    yield capture.entries
    structlog.reset_defaults()
