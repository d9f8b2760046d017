"""The things that the chat is about. Immutable, so that they can be shared freely."""

import enum
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")

_OVERHEAD = 200  # bytes of a frame around its text, roughly


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
    """A group as an operator sees it. members: how many there are."""

    group: Group
    members: int


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
class Page(Generic[T]):
    """A part of a list in ascending order of id.

    `next` is the id to ask for the following part with, None on the last one.
    """

    items: tuple[T, ...]
    next: int | None


@attrs.define(eq=False, init=False)
class Message:
    """Something said by one user, to one other or to a group.

    Who receives it is not part of it: a group's message is one object, however many
    members hold it. Treated as immutable; not `frozen`, and with an `__init__` of its own, because
    one is made for every chat and attrs would take twice as long to make it.

    mid: the server's id, a string that sorts by the time of acceptance.
    cid: the sender's id of it, unique per sender for ever.
    group_id: 0 when it is one to one.
    time_ms: UTC milliseconds since the epoch at acceptance.
    key: what a second copy is known by; None if the sender has given it no cid.
    size: bytes that it takes on its way, estimated from above.
    """

    mid: str
    cid: str
    sender_id: int
    sender_name: str
    group_id: int
    text: str
    time_ms: int
    key: tuple[int, str] | None
    size: int

    def __init__(  # noqa: PLR0917  # its fields
        self,
        mid: str,
        cid: str,
        sender_id: int,
        sender_name: str,
        group_id: int,
        text: str,
        time_ms: int,
    ) -> None:
        self.mid = mid
        self.cid = cid
        self.sender_id = sender_id
        self.sender_name = sender_name
        self.group_id = group_id
        self.text = text
        self.time_ms = time_ms
        self.key = None if cid is mid else (sender_id, cid)
        self.size = _OVERHEAD + (len(text) if text.isascii() else 4 * len(text))

    def same_content(self, other: "Message") -> bool:
        """Whether a second message under the same cid says the same to the same place."""
        return self.text == other.text and self.group_id == other.group_id


@attrs.frozen
class Entry:
    """A message in somebody's mailbox, or on its way there."""

    recipient_id: int
    message: Message


class Outcome(enum.Enum):
    """What became of an entry that a mailbox was given."""

    STORED = "stored"
    FULL = "full"
    NO_SUCH_USER = "no such user"
    CONFLICT = "conflict"  # the same sender and cid with another content is there already


@attrs.frozen
class Filing:
    """The answer of a mailbox to one entry.

    `message` is the one on file: of two copies of the same sender and cid that is the one
    with the lower mid, and with its time.
    """

    outcome: Outcome
    message: Message


@attrs.frozen
class KeptToken:
    """What is kept of a token: not itself, but its digest.

    series: a digest, too, of the part that all tokens of a session begin with. session: the name
    of the session, which gives nothing away. begun_ms: when it began. used: whether it was begun
    or resumed by this token; one that was only given so far is not. Times are UTC milliseconds.
    """

    digest: str
    series: str
    user_id: int
    session: str
    begun_ms: int
    expires_ms: int
    used: bool


@attrs.frozen
class Resumable:
    """A session of a user's that can be resumed: the one that asks, or one that was broken off.

    name: what the user ends it by. expires_ms: of the last of its tokens.
    """

    name: str
    begun_ms: int
    expires_ms: int
    current: bool


@attrs.frozen
class Person:
    """A user as an operator sees them. claim: where they are, None where they are away."""

    user: User
    disabled: bool
    claim: "Claim | None"


@attrs.frozen
class Export:
    """What is kept about one user. tokens: what their sessions are called, not what they are.
    messages: what waits for them. sent: what they have sent and waits for others."""

    user: User
    disabled: bool
    friends: tuple[User, ...]
    groups: tuple[Membership, ...]
    tokens: tuple[Resumable, ...]
    messages: tuple[Message, ...]
    sent: tuple[Entry, ...]


@attrs.frozen
class NodeUsers:
    """A node that holds its lease, and the claims that it has."""

    node: str
    claims: tuple["Claim", ...]


@attrs.frozen
class Claim:
    """A user's presence: which session has them, and on which node.

    session_id: new with each login and each resume.
    key: what the session has in common with those that it resumed; "" where none can resume it.
    """

    user_id: int
    session_id: str
    node: str
    key: str

    @property
    def name(self) -> str:
        """What the session is called, by its user and in the log."""
        return self.key or self.session_id
