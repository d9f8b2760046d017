"""Numbers on their way to a database."""

from collections.abc import Sequence
from typing import Any

from chat_domain.entries import FOREVER

HIDES_READ, HIDES_TYPING = 1, 2  # User.hides is a sum of these


def bounded(number: int) -> int:
    """The same number if a column can have it, otherwise the nearest that one can have.

    An integer from outside may have any number of digits. A question about an impossible id or
    position is answered like one about an unknown one, and nothing changes for a number that is
    compared with ids or positions, or counts them.
    """
    return min(max(number, 0), FOREVER)


def all_bounded(values: Sequence[Any]) -> list[Any]:
    """Values for a statement, the integers among them bounded."""
    return [bounded(value) if type(value) is int else value for value in values]
