"""Where in the server's log a user is."""

from typing import TypeVar

import attrs
from msgspec import structs

from adapters.wire.requests import Login, Resume

E = TypeVar("E", Login, Resume)


@attrs.frozen
class Position:
    """Everything of theirs up to `since` has come. epoch: the server's, without which the number
    means nothing."""

    since: int
    epoch: str


def beginning_at(entry: E, position: Position | None) -> E:
    """A login that begins at a position in the log; where no device has been, if at none."""
    if position is None:
        return structs.replace(entry, since=None, epoch="")
    return structs.replace(entry, since=position.since, epoch=position.epoch)
