"""What the rules need from outside. These docstrings are the specification of every adapter.

`tests/unit/contract` (and `tests/integration` for what needs a server) runs one suite
of promises over all adapters of a port.

Common to the storage ports:
- every method is one atomic step: wholly done when it returns, or not at all when it raises;
- what a write returned from is durable (but for the memory adapter) and seen by every later read;
- when the store cannot be reached or does not answer in time, any method raises `TryAgain`;
  a write that raised it may have happened all the same, so each of them can be repeated;
- ids are positive, below 2**31, and never given twice, also after a deletion.
"""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from chat_domain.model import (
    Account,
    Claim,
    Entry,
    Filing,
    Group,
    Member,
    Membership,
    Message,
    User,
)
from chat_domain.names import Name

if TYPE_CHECKING:
    from chat_domain.model import Friend
    from chat_domain.notes import Note
    from chat_domain.receipt import Receipt


class Users(Protocol):
    """Who has registered."""

    async def add(self, name: Name, secret: str) -> int:
        """Register and return the new id. Raises NameTaken where the name's key is in use."""

    async def by_id(self, user_id: int) -> Account | None:
        """The account of this id, None where there is none (any integer may be asked)."""

    async def by_name(self, key: str) -> Account | None:
        """The account whose name has this key (see `names.name_key`), or None."""

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        """The names of those of these ids that exist."""

    async def set_secret(self, user_id: int, secret: str, *, instead_of: str) -> bool:
        """Replace the secret if it still is `instead_of`; return whether it was replaced."""

    async def page(self, after: int, limit: int, containing: str = "") -> list[User]:
        """The first `limit` users with an id above `after` whose names' keys have this part,
        ascending by id."""

    async def remove(self, user_id: int) -> bool:
        """Forget an account, its tokens, its friendships both ways and what waits for it; return
        whether there was one. Its memberships end by `Groups.leave`, before. Another node on the
        same database may take messages for it for a minute more, which nobody will read."""

    async def skip_ids(self, number: int) -> None:
        """Give none of the next `number` ids to anybody."""

    async def mark(self, online: Collection[int], offline: Collection[int]) -> None:
        """Paint the `state` column. A picture for whoever reads the table, not the truth."""


class Tokens(Protocol):
    """Proofs of an earlier login. Only digests come here, never a token itself."""

    async def add(self, digest: str, user_id: int, expires_ms: int, *, keep: int) -> None:
        """Keep a digest until `expires_ms` (UTC ms). Of a user's others the `keep - 1` that
        expire last stay, the rest and all that have expired are forgotten."""

    async def owner(self, digest: str, now_ms: int) -> User | None:
        """Whose digest this is, None where it is unknown or expired (expires_ms <= now_ms)."""

    async def of(self, user_id: int, now_ms: int) -> list[tuple[str, int]]:
        """A user's digests that have not expired, each with its expiry, the last to expire first
        (of those that expire together, ascending by digest)."""

    async def remove(self, digest: str) -> None:
        """Forget a digest. Unknown ones are no error."""

    async def remove_all(self, user_id: int) -> None:
        """Forget all digests of a user."""

    async def remove_some(self, limit: int) -> int:
        """Forget `limit` digests, whosever they are, or all there are; return how many."""


class Friends(Protocol):
    """Whom each user lists. One-way: my listing you does not put me on your list."""

    async def add(self, user_id: int, friend_id: int) -> None:
        """Raises NoSuchUser(friend_id) and AlreadyFriends."""

    async def remove(self, user_id: int, friend_id: int) -> None:
        """Raises NotFriends."""

    async def page(self, user_id: int, after: int, limit: int) -> list[User]:
        """The first `limit` of a user's list with an id above `after`, ascending by id."""

    async def listed_by(self, user_id: int) -> list[int]:
        """The ids of all users on whose list this one is, ascending."""

    async def count(self, user_id: int) -> int:
        """How many are on a user's list."""


class Groups(Protocol):
    """The groups and who is in them."""

    async def create(self, name: Name, description: str, creator_id: int) -> Group:
        """Make a group with its creator as its only member. Raises GroupNameTaken."""

    async def join(self, group_id: int, user_id: int) -> Group:
        """Become an ordinary member. Raises NoSuchGroup and AlreadyMember."""

    async def leave(self, group_id: int, user_id: int) -> None:
        """Stop being a member. A creator who leaves makes the longest member creator (of those
        who came at the same time the lowest id); the last one out ends the group, whose
        name becomes free and whose id does not. Raises NoSuchGroup and NotMember."""

    async def skip_ids(self, number: int) -> None:
        """Give none of the next `number` ids to any group."""

    async def page_of(self, user_id: int, after: int, limit: int) -> list[Membership]:
        """The first `limit` of a user's groups with an id above `after`, ascending by id."""

    async def count_of(self, user_id: int) -> int:
        """How many groups a user is in."""

    async def members(self, group_id: int, after: int, limit: int) -> list[Member]:
        """The first `limit` members with an id above `after`, ascending by id, `online` left
        False. Raises NoSuchGroup."""

    async def member_ids(self, group_id: int) -> list[int]:
        """The ids of all members, ascending. Raises NoSuchGroup."""


class Mailbox(Protocol):
    """Messages that wait for their recipients, in order of their mids."""

    async def add(self, entries: Sequence[Entry]) -> list[Filing]:
        """Store each entry that can be stored, and answer for each, in the order given.

        STORED: it is durable. Of two entries of the same recipient, sender and cid the mailbox
        keeps the one with the lower mid, whichever came first, so that messages which were sent
        again stay in their order; both are STORED with the one that is on file by then. Where
        their contents differ (`Message.same_content`), the one that was there stays, and the other
        is a CONFLICT. Adds are committed in the order in which they were asked for, or together,
        and before a removal that is asked for later. FULL: the recipient's mailbox
        holds its capacity, or a quarter more (at least one) if the sender is on the recipient's
        list. NO_SUCH_USER: there is no such recipient. One entry's refusal does not touch the
        others.
        """

    async def read(self, user_id: int, limit: int, without: Collection[str]) -> list[Message]:
        """The first `limit` messages, ascending by mid, whose mids are not in `without`."""

    async def sent(self, sender_id: int, recipients: Collection[int]) -> list[Entry]:
        """What waits for these recipients and is from this sender, ascending by recipient, then
        by mid."""

    async def remove(self, user_id: int, mids: Collection[str]) -> None:
        """Forget these messages. Mids that are not there are no error."""


Depths = Mapping[str, Callable[[], int]]  # how much waits in queues, by their names


@attrs.frozen
class Store:
    """The storage ports of one database, as `adapters.*` open them together."""

    users: Users
    tokens: Tokens
    friends: Friends
    groups: Groups
    mailbox: Mailbox
    depths: Depths = attrs.field(factory=dict)


class Presence(Protocol):
    """Who has a live session, and where. One session per user. Any method raises TryAgain when
    that cannot be found out or changed now."""

    async def claim(self, claim: Claim, *, instead_of: Claim | None = None) -> Claim | None:
        """Claim a user for a session, if nobody has (or `instead_of` has). Return None when it is
        done, otherwise the claim that stands in the way. Atomic between all claimants."""

    async def release(self, claim: Claim) -> None:
        """Give a claim up. Nothing happens where another session has it by now."""

    async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
        """Make claims again that may have been lost with the node's lease. Return those that
        cannot be made, because another session has the user by now."""

    async def own(self, node: str) -> list[Claim]:
        """All claims of a node, in no particular order."""

    async def find(self, user_ids: Collection[int]) -> dict[int, Claim]:
        """The claims on those of these users who are online."""

    async def online(self, user_ids: Collection[int]) -> set[int]:
        """Which of these users are online."""


class Lease(Protocol):
    """This node's right to have sessions. A claim of a node without one counts for nothing."""

    def held(self) -> bool:
        """Whether this node still has it. Cheap: asked before anything a client says is handled."""

    async def others(self) -> set[str]:
        """The ids of the other nodes that have one. Raises TryAgain."""


class Broker(Protocol):
    """Carries notes between nodes. At most once, and in order from one node to another.

    Sending does not wait. Notes are encoded at the end of the event loop's turn, so that what a
    turn adds to one that was sent in it goes along.
    """

    def send(self, node: str, note: "Note") -> None:
        """To one other node, by its id."""

    def broadcast(self, note: "Note") -> None:
        """To all other nodes."""

    async def catch_up(self) -> None:
        """Wait until this node has heard what was sent to it before now, or knows of the gap.
        Raises TryAgain when it hears nothing."""


@attrs.frozen
class Surroundings:
    """A node's place among others, as `adapters.redis` and `adapters.memory` make it.

    name: the node's id, new with each process.
    """

    name: str
    presence: Presence
    broker: Broker
    lease: Lease
    depths: Depths = attrs.field(factory=dict)


class Hasher(Protocol):
    """Turns passwords into secrets that can be kept. Slow by design, so never on the loop."""

    async def hash(self, password: str, origin: str = "") -> str:
        """A new secret. Raises TryAgain when too many wait for one already, in all or for this
        origin: where the asking clients are. Origins take turns."""

    async def verify(self, secret: str | None, password: str, origin: str = "") -> bool:
        """Whether the password is the secret's. None (no such account) takes as long as any other
        and is False. Raises TryAgain like `hash`."""

    def outdated(self, secret: str) -> bool:
        """Whether a secret should be made anew at the next login (a plain password, say)."""


class Clock(Protocol):
    def now_ms(self) -> int:
        """UTC, milliseconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never going back."""


class Ids(Protocol):
    def mid(self, now_ms: int) -> str:
        """A message's id: unique, and sorting after all that this process has made before."""

    def session(self) -> str:
        """A session's id: unique."""

    def token(self) -> str:
        """A token: unguessable."""


class Owner(Protocol):
    """On whose behalf something is done."""

    def labels(self) -> Mapping[str, int | str]:
        """What tells it apart from others in a log."""


class Tasks(Protocol):
    def start(self, work: Coroutine[Any, Any, None], owner: Owner | None = None) -> Awaitable[None]:
        """Let this go on by itself, from the next turn on. It is finished before the program ends.

        owner: on whose behalf, if it is somebody's.
        Return what ends when it does, for whoever wants to wait for it.
        """


class Latch(Protocol):
    """Something to wait for, once."""

    def open(self) -> None:
        """Let everybody go on who waits, now and later. Idempotent."""

    async def wait(self, seconds: float) -> bool:
        """Wait until it is open, but not for longer. Return whether it is."""


class Latches(Protocol):
    def latch(self) -> Latch:
        """A new one, closed."""


class Client(Protocol):
    """The far end of a session. Its methods return at once; nothing is waited for.

    wants_answers: whether it is to be told what became of what it sends. The C++ server's client
    is not: it could not tell an answer from a chat.
    """

    wants_answers: bool

    def push(self, number: int, message: Message, *, stored: bool) -> None:
        """Send a message. It is taken over when the session is told so with this number."""

    def answered(self, receipt: "Receipt") -> None:
        """What became of a message that this client sent. Called once for each."""

    def friend_changed(self, friend: "Friend") -> None:
        """Somebody on this user's list came or went."""

    def notice(self, text: str) -> None:
        """The operator has something to say to everybody."""

    def replaced(self) -> None:
        """Another connection has the session now: say so and close."""

    def dropped(self) -> None:
        """Another node has the session: close."""

    def thrown_out(self) -> None:
        """The operator has ended the session: close."""
