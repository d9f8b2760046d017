"""What holds for all unit tests."""

import pytest
from hypothesis import settings

from adapters.incidents import INCIDENTS
from tests.tries import tries

# No deadline: how busy a machine is says nothing of the code.
settings.register_profile("any machine", deadline=None, max_examples=tries(30))
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _no_incidents_before() -> None:
    """All tests share one process, and so what it counts."""
    INCIDENTS.clear()
