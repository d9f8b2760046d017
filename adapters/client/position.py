"""A user's position in the server's log."""

from typing import TypeVar

import attrs
from msgspec import structs

from adapters.wire.requests import Login, Resume

E = TypeVar("E", Login, Resume)


@attrs.frozen
class Position:
    """The user has received everything up to `since`. epoch: that of the server's log, without
    which the number means nothing."""

    since: int
    epoch: str


def beginning_at(entry: E, position: Position | None) -> E:
    """A login that begins at this position; if None, at what no device of the user has received."""
    if position is None:
        return structs.replace(entry, since=None, epoch="")
    return structs.replace(entry, since=position.since, epoch=position.epoch)
