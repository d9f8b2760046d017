"""Splitting the clients into batches that are sent away one after the other."""

from math import ceil

import pytest

from adapters.gateway.draining import BATCH_EVERY, LEAST_BATCH, batches


@pytest.mark.parametrize("seconds", [0, 0.1, 2, 60])
@pytest.mark.parametrize("count", [0, 1, 50, 51, 1000, 10_007])
def test_everybody_has_one_turn_in_time(count: int, seconds: float) -> None:
    """The batches fit into the time, and are neither smaller nor larger than necessary."""
    parts = batches(range(count), seconds)
    assert [one for part in parts for one in part] == list(range(count))
    assert len(parts) <= max(1, seconds / BATCH_EVERY)
    assert all(len(part) >= LEAST_BATCH for part in parts[:-1])
    most = max(1, int(seconds / BATCH_EVERY))
    assert all(len(part) <= max(LEAST_BATCH, ceil(count / most)) for part in parts)
