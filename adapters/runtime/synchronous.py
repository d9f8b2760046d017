"""Running code for any database, written as coroutines, on a database that never waits."""

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_synchronously(doing: Coroutine[Any, Any, T]) -> T:
    """What this coroutine returns, run in one step. Raises RuntimeError if it waits."""
    try:
        doing.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    doing.close()
    raise RuntimeError("it waits for something")
