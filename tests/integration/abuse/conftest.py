"""Each test records what the bystanders felt, which is printed at the end of the run."""

from collections.abc import Callable, Iterator

import pytest

from tests.integration.abuse.bystanders import FELT


@pytest.fixture(autouse=True)
def _told(record_property: Callable[[str, object], None]) -> Iterator[None]:
    before = len(FELT)
    yield
    for felt in FELT[before:]:
        record_property("felt", str(felt))
