"""What nodes tell each other. Notes may be lost; whatever depends on one has a way without it.

Between two nodes they arrive in the order in which they were sent, or not at all.
"""

import enum

import attrs

from chat_domain.hints import Hint
from chat_domain.model import Message


class Fate(enum.Enum):
    """What became of a message that was handed to another node, for one recipient."""

    DELIVERED = "delivered"
    STORED = "stored"
    FULL = "full"
    CONFLICT = "conflict"
    FAILED = "failed"  # neither delivered nor stored: the sender has to send it again
    GONE = "gone"  # there is no live session for it here: it is still yours


@attrs.define
class Handed:
    """Deliver this message to these sessions, and report.

    to: user id, session id, and the mid of the message before it on its way ("" for the first), so
    that none overtakes one that was lost or turned away.
    """

    message: Message
    to: list[tuple[int, str, str]]


@attrs.define
class Settled:
    """A report on messages that were handed over: (recipient's id, mid, fate)."""

    fates: list[tuple[int, str, Fate]]


@attrs.frozen
class Fetch:
    """Something was stored for these users: let their sessions read their mailboxes."""

    user_ids: list[int]


@attrs.frozen
class Replaced:
    """This session of yours has lost its user to a new one: end it, and say when it is done."""

    user_id: int
    session_id: str


@attrs.frozen
class Retired:
    """The session that was replaced pushes no more, and what it had left is stored."""

    user_id: int
    session_id: str


@attrs.frozen
class RosterChanged:
    """A group's members are others now: forget what you remember of them, and answer."""

    group_id: int
    question: int


@attrs.frozen
class RosterForgotten:
    """The answer to RosterChanged."""

    question: int


@attrs.frozen
class PresenceChanged:
    """Somebody came or went: tell those of your users who have them on their list."""

    user_id: int
    name: str
    online: bool
    listed_by: list[int]


@attrs.frozen
class LoggedOut:
    """End this session of yours: by the operator's will, or since two have had its tokens."""

    user_id: int
    session_id: str


@attrs.frozen
class Tell:
    """Tell this hint to those of these users who are with you; to all of yours, if it is None."""

    hint: Hint
    user_ids: list[int] | None


Note = (
    Handed
    | Settled
    | Fetch
    | Replaced
    | Retired
    | RosterChanged
    | RosterForgotten
    | PresenceChanged
    | LoggedOut
    | Tell
)
