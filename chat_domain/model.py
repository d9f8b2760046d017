"""The things that the chat is about. Immutable, so that they can be shared freely."""

import enum
from collections.abc import Sequence
from typing import Generic, TypeVar

import attrs

from chat_domain.entries import Entry

T = TypeVar("T")

MAX_DAYS = 36_500  # for which something is kept, if not for ever: a hundred years


class Role(enum.Enum):
    """What a member is in a group. The values are those of the original tables."""

    CREATOR = "creator"
    NORMAL = "normal"


@attrs.frozen
class User:
    """Somebody who has registered. An id is never given to anybody else."""

    id: int
    name: str


# How a secret begins that is no hash. A plain password is never kept without its mark, or one
# that looks like a hash or like a mark would be taken for it. A C++ server that is started on our
# tables by mistake compares passwords to the whole of it, so they are printable: it would read a
# NUL as the end of an empty password, and let everybody in.
DISABLED = "disabled:"
PLAIN = "plain:"
NO_PASSWORD = "none"  # noqa: S105  # the whole secret of an account that nobody can log in to


@attrs.frozen
class Account:
    """A user together with what proves their identity.

    `secret` is what the store keeps: an argon2id hash; or, behind PLAIN, the password of an
    account that the C++ server made and that has not logged in since; or NO_PASSWORD. Of an
    account that the operator has disabled, it stands behind DISABLED.
    """

    user: User
    secret: str = attrs.field(repr=False)

    @property
    def disabled(self) -> bool:
        return self.secret.startswith(DISABLED)


@attrs.frozen
class Friend:
    """Somebody on a user's list. Listing is one-way, as in the original."""

    id: int
    name: str
    online: bool


@attrs.frozen
class Group:
    """A named set of users who read the same messages."""

    id: int
    name: str
    description: str


@attrs.frozen
class SizedGroup:
    """A group as an operator sees it. members: how many there are. keep_days: for how long its
    entries are kept, 0 for ever."""

    group: Group
    members: int
    keep_days: int = 0


@attrs.frozen
class Membership:
    """One of a user's own groups, and what they are in it."""

    group: Group
    role: Role


@attrs.frozen
class Member:
    """One of a group's users."""

    id: int
    name: str
    role: Role
    online: bool = False


@attrs.frozen
class Preferences:
    """What a user has chosen, for all their devices. hide_read, hide_typing: nobody else is told up
    to where they have read something, and that they are typing."""

    hide_read: bool = False
    hide_typing: bool = False


@attrs.frozen
class Muting:
    """Whether a user wants to be notified of what comes in a conversation."""

    conv: int
    muted: bool


@attrs.frozen
class Page(Generic[T]):
    """A part of a list in its order.

    next: what to ask for the following part with (the last one's id, or position), None on the last
    part.
    """

    items: tuple[T, ...]
    next: int | None

    @classmethod
    def cut(cls, found: Sequence[T], ids: Sequence[int], limit: int) -> "Page[T]":
        """Make one of what was found, of which one more than `limit` was asked for."""
        more = len(found) > limit
        return cls(tuple(found[:limit]), ids[limit - 1] if more else None)


@attrs.define
class Conversation:
    """A conversation as one of its users sees it. Treated as immutable; not `frozen`, since that
    takes longer to make, and a list has hundreds.

    conv: see `entries`. name: the group's, or the other user's; UNNAMED of who or what is no more.
    last: the last entry that they may see. read: up to where they have read. unread: how many texts
    of others they may see above that, MOST_UNREAD where they are that or more. left: they are not
    in it any more. quiet: they want no notifications of it. peer_got, peer_read: up to where the
    other one of two has got and read it; None of a group, of oneself, and of what is not told.
    """

    conv: int
    name: str
    last: Entry
    read: int
    unread: int
    left: bool = False
    quiet: bool = False
    peer_got: int | None = None
    peer_read: int | None = None


UNNAMED = "?"
MOST_UNREAD = 1000
MOST_PASSED_OVER = 500  # entries about one's devices, behind what one has said to oneself


@attrs.frozen
class KeptToken:
    """What is kept of a token: not itself, but its digest.

    series: a digest, too, of the part that all tokens of a session begin with. session: the name
    of the session, which gives nothing away. device: what its user calls the device, "" where they
    have not. begun_ms: when it began. seen_ms: when it was begun or resumed last. used: whether it
    was begun or resumed by this token; one that was only given so far is not. Times are UTC
    milliseconds.
    """

    digest: str
    series: str
    user_id: int
    session: str
    begun_ms: int
    expires_ms: int
    used: bool
    device: str = ""
    seen_ms: int = 0


@attrs.frozen
class Resumable:
    """A session of a user's that can be resumed: the one that asks, or one that was broken off.

    name: what the user ends it by. device: see `KeptToken`. expires_ms: of the last of its tokens.
    """

    name: str
    device: str
    begun_ms: int
    seen_ms: int
    expires_ms: int
    current: bool


@attrs.frozen
class Person:
    """A user as an operator sees them. nodes: where they are, none where they are away."""

    user: User
    disabled: bool
    nodes: tuple[str, ...]


@attrs.frozen
class Export:
    """What is kept about one user. tokens: what their sessions are called, not what they are.
    entries: what they may see of the log, their own texts among it, ascending."""

    user: User
    disabled: bool
    friends: tuple[User, ...]
    groups: tuple[Membership, ...]
    tokens: tuple[Resumable, ...]
    entries: tuple[Entry, ...]


@attrs.frozen
class Claim:
    """Which session has a user's slot for a client of version 1, and on which node.

    session_id: new with each login.
    """

    user_id: int
    session_id: str
    node: str
