"""Lists on their way to the database."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def pieces(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, at most `size` at a time: no statement may grow without bound."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(number: int) -> str:
    """Placeholders for a list of so many values."""
    return ",".join(["%s"] * number)
