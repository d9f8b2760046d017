"""`make unit` fails if a half of the tests does."""

import pytest

from tests.halves import status_of


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([0, 0], 0),
        ([0, 1], 1),
        ([-9, 0], -9),
        ([5, 0], 0),
        ([0, 5], 0),
        ([5, 1], 1),
        ([5, 5], 5),
    ],
)
def test_the_status_is_a_failed_halfs(statuses: list[int], expected: int) -> None:
    """A half without any of the tests asked for has not failed, if the other one has some (5)."""
    assert status_of(statuses) == expected
