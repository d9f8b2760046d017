"""Lists on their way to the database: no statement may grow without bound."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

T = TypeVar("T")

ROWS = 500  # in one INSERT
TEXT = 450_000  # bytes in these, as UTF-8; with all of them escaped less than 1 MiB


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def statement_batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """The rows in order, in parts that each fit into one statement."""
    some: list[Sequence[Any]] = []
    room = TEXT
    for row in rows:
        size = sum(_most_bytes(value) for value in row if isinstance(value, str))
        if some and (len(some) == ROWS or size > room):
            yield some
            some, room = [], TEXT
        some.append(row)
        room -= size
    if some:
        yield some


def _most_bytes(text: str) -> int:
    return len(text) if text.isascii() else 4 * len(text)


def flatten(rows: Iterable[Sequence[T]]) -> list[T]:
    """All values of all rows."""
    return list(chain.from_iterable(rows))


def placeholders(number: int) -> str:
    """Placeholders for a list of this many values."""
    return ",".join(["%s"] * number)
