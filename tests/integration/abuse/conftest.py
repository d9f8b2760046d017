"""What the bystanders felt is told with each test, and shown at the end of the run."""

from collections.abc import Callable, Iterator

import pytest

from tests.integration.abuse.bystanders import FELT


@pytest.fixture(autouse=True)
def _told(record_property: Callable[[str, object], None]) -> Iterator[None]:
    before = len(FELT)
    yield
    for felt in FELT[before:]:
        record_property("felt", str(felt))
