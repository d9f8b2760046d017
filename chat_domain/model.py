"""The objects of the domain. Immutable, so that they can be shared freely."""

import enum
from collections.abc import Sequence
from typing import Generic, TypeVar

import attrs

from chat_domain.entries import Entry

T = TypeVar("T")

MAX_DAYS = 36_500  # the longest limited retention: a hundred years


class Role(enum.Enum):
    """A member's role in a group. The values are those of the original tables."""

    CREATOR = "creator"
    NORMAL = "normal"


@attrs.frozen
class User:
    """A registered user. An id is never reused."""

    id: int
    name: str


OPERATOR = User(0, "")  # who changes groups, and is no user

# Prefixes of secrets that are not hashes. A plain password is never stored without its prefix, or
# one that looks like a hash or a prefix would be taken for it. Prefixes are printable because a C++
# server, started on our tables by mistake, compares passwords to the whole secret: it would read a
# NUL as the end of an empty password, and let everybody in.
DISABLED = "disabled:"
PLAIN = "plain:"
NO_PASSWORD = "none"  # noqa: S105  # the whole secret of an account that nobody can log in to


@attrs.frozen
class Account:
    """A user and what proves their identity.

    `secret` is what the store keeps: an argon2id hash; or PLAIN followed by the password, for an
    account that the C++ server created and that has not logged in since; or NO_PASSWORD. If the
    operator has disabled the account, DISABLED precedes it.
    """

    user: User
    secret: str = attrs.field(repr=False)

    @property
    def disabled(self) -> bool:
        return self.secret.startswith(DISABLED)


@attrs.frozen
class Friend:
    """A user on somebody's friend list. Listing is one-way, as in the original. online: None if
    that is not known."""

    id: int
    name: str
    online: bool | None


@attrs.frozen
class Group:
    """A named set of users who read the same messages."""

    id: int
    name: str
    description: str


@attrs.frozen
class SizedGroup:
    """A group as an operator sees it. members: their number. keep_days: how long its entries are
    kept, 0 for no limit of its own."""

    group: Group
    members: int
    keep_days: int = 0


@attrs.frozen
class Membership:
    """A group that a user is in, and their role in it."""

    group: Group
    role: Role


@attrs.frozen
class Member:
    """A user in a group. online: None if that is not known."""

    id: int
    name: str
    role: Role
    online: bool | None = None


@attrs.frozen
class Preferences:
    """A user's settings, for all their devices. hide_read, hide_typing: nobody else is told how far
    they have read, or that they are typing."""

    hide_read: bool = False
    hide_typing: bool = False


@attrs.frozen
class Muting:
    """Whether a user has muted a conversation: they are not notified of it."""

    conv: int
    muted: bool


@attrs.frozen
class Page(Generic[T]):
    """A page of an ordered list.

    next: what to request the next page with (the last item's id, or position), None on the last
    page.
    """

    items: tuple[T, ...]
    next: int | None

    @classmethod
    def cut(cls, found: Sequence[T], ids: Sequence[int], limit: int) -> "Page[T]":
        """Make a page of `found`, of which one item more than `limit` was requested."""
        more = len(found) > limit
        return cls(tuple(found[:limit]), ids[limit - 1] if more else None)


@attrs.define
class Conversation:
    """A conversation as one of its users sees it. Treated as immutable; not `frozen`, since that
    takes longer to create, and a list has hundreds.

    conv: see `entries`. name: the group's or the other user's, UNNAMED if that no longer exists.
    last: the last entry that they may see. read: how far they have read. unread: how many texts of
    others above that they may see, MOST_UNREAD at most. left: they have left it. muted: they have
    muted it. peer_got, peer_read: how far the other of two users has received and read it; None for
    a group, for oneself, and if that is not disclosed.
    """

    conv: int
    name: str
    last: Entry
    read: int
    unread: int
    left: bool = False
    muted: bool = False
    peer_got: int | None = None
    peer_read: int | None = None


UNNAMED = "?"
MOST_UNREAD = 1000
MOST_PASSED_OVER = 500  # entries about a user's devices, above what they last wrote to themselves


@attrs.frozen
class KeptToken:
    """What is stored of a token: its digest, never the token itself.

    series: a digest of the part that all tokens of a session begin with. session: the session's
    name, which is not secret. device: what its user calls the device, "" if they gave no name.
    begun_ms: when the session began. seen_ms: when it was last begun or resumed. used: whether the
    session was begun or resumed with this token; False if it was only issued so far. Times are UTC
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
class Person:
    """A user as an operator sees them. nodes: those on which they have sessions."""

    user: User
    disabled: bool
    nodes: tuple[str, ...]


@attrs.frozen
class Claim:
    """The session that holds a user's slot for a version 1 client, and its node.

    session: its name (see `Session`).
    """

    user_id: int
    session: str
    node: str
