"""What an earlier program of the same user has left."""

import attrs

from adapters.client.events import Changed, Message
from adapters.client.outbox import Chat
from adapters.client.position import Position


@attrs.frozen
class Past:
    """user_id: whose it is, 0 where there is nothing. position: where they were. unfinished: what
    the program had not finished with, of this epoch. seen: senders and cids of what it was given.
    unsent: what has no answer yet, in its order."""

    user_id: int = 0
    position: Position | None = None
    unfinished: tuple[Message | Changed, ...] = ()
    seen: tuple[tuple[int, str], ...] = ()
    unsent: tuple[tuple[str, Chat], ...] = ()
