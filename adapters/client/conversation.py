"""Conversations, as the server lists them."""

import attrs

from adapters.client.events import Changed, Message
from adapters.client.where import Where


@attrs.frozen
class Conversation:
    """One of the user's conversations, as it was when the list was requested.

    name: of the other user or the group. last: its last entry, the text cut to 100 characters.
    read: the position up to which the user has read it, on any device. unread: how many texts of
    others are above that; 1,000 means that many or more. peer_read, peer_got: the positions up to
    which the other user has read it, and has received it on some device; None in groups and in the
    conversation with oneself, peer_read also if they hide it. muted: its notifications are off.
    left: the user is no longer in that group.
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

    entries: ascending by position. more: whether there are further entries in the requested
    direction. read: the position up to which the user has read; None except on the newest page.
    reads: the same of others, by their ids, unless they hide it.
    """

    entries: tuple[Message | Changed, ...]
    more: bool
    read: int | None
    reads: dict[int, int]
