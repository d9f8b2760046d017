"""What an earlier program of the same user has left."""

import attrs

from adapters.client.events import Changed, Message
from adapters.client.outbox import Chat
from adapters.client.position import Position


@attrs.frozen
class SavedState:
    """user_id: its user, 0 if there was no such program. position: where the user was. unfinished:
    the entries of this epoch that the program was not done with. recent_cids: the senders and cids
    of entries it was given. unsent: cids and chats without an answer, in order."""

    user_id: int = 0
    position: Position | None = None
    unfinished: tuple[Message | Changed, ...] = ()
    recent_cids: tuple[tuple[int, str], ...] = ()
    unsent: tuple[tuple[str, Chat], ...] = ()
