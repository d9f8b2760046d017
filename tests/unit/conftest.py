"""What holds for all unit tests."""

import signal
from types import FrameType

import pytest
import structlog
from hypothesis import settings

from adapters.faults.incidents import INCIDENTS
from tests.tries import tries

# No deadline: how busy a machine is says nothing about the code.
settings.register_profile("any machine", deadline=None, max_examples=tries(20))
settings.load_profile("any machine")

# By default, structlog colours a traceback's source, which takes longer than most tests.
PLAIN = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


# Instead of Python's own handler, which asyncio would replace for each coroutine that it runs.
signal.signal(signal.SIGINT, _interrupted)


@pytest.fixture(autouse=True)
def _no_incidents_before() -> None:
    """All tests share one process, and so its counts and its logging."""
    INCIDENTS.clear()
    structlog.configure([structlog.processors.add_log_level, PLAIN])
