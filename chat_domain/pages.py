"""Lists in parts."""

from collections.abc import Sequence
from typing import TypeVar

from chat_domain.model import Page

T = TypeVar("T")


def cut(found: Sequence[T], ids: Sequence[int], limit: int) -> Page[T]:
    """Make a page of what was found, of which one more than `limit` was asked for."""
    more = len(found) > limit
    return Page(tuple(found[:limit]), ids[limit - 1] if more else None)
