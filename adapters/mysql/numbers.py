"""Numbers and lists on their way to the database."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

NO_ID = 2**31  # ids are below


def bounded(number: int) -> int:
    """The same number where it can be an id, else the nearest that is none.

    A request's integer has as many digits as it likes, and no column has. What is asked about
    an id that cannot be is so answered as for any unknown id.
    """
    return min(max(number, 0), NO_ID)


def pieces(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, at most `size` at a time: no statement may grow without bound."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(number: int) -> str:
    """Placeholders for a list of so many values."""
    return ",".join(["%s"] * number)
