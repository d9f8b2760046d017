"""Conversations, as a program names them and as the server lists them."""

import attrs

from adapters.client.events import Changed, Message
from adapters.client.where import Where


@attrs.frozen
class Conversation:
    """One of the user's conversations as it was when the list was asked for.

    name: the other user's, or the group's. last: its last entry, the text cut to 100 characters.
    read: the position up to which the user has read it, with whatever device. unread: how many
    texts of others are above that; 1,000 stands for more as well. peer_read, peer_got: up to where
    the other user has read it, and has it on a device; None in groups, where they hide it, and
    where they are oneself. muted: its notifications are turned off. left: one is in that group no
    more.
    """

    where: Where
    name: str
    last: Message | Changed
    read: int
    unread: int
    peer_read: int | None = None
    peer_got: int | None = None
    muted: bool = False
    left: bool = False


@attrs.frozen
class Page:
    """A part of a conversation.

    entries: ascending by position. more: whether there are others in the direction that was asked
    for. read: up to where the user has read, None where the server did not say: it does for the
    newest page alone. reads: the same of others, by their ids, as far as they show it.
    """

    entries: tuple[Message | Changed, ...]
    more: bool
    read: int | None
    reads: dict[int, int]
