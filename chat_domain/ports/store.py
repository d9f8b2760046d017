"""What a database does.

Common to these ports:
- every method is one atomic step: wholly done when it returns, or not at all when it raises;
- what a write returned from is durable (but for the memory adapter) and seen by every later read;
- when the store cannot be reached or does not answer in time, any method raises `TryAgain`;
  a write that raised it may have happened all the same, so each of them can be repeated;
- ids are positive, below 2**31, and never given twice, also after a deletion.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

import attrs

from chat_domain.model import (
    Account,
    Entry,
    Filing,
    Group,
    KeptToken,
    Member,
    Membership,
    Message,
    SizedGroup,
    User,
)
from chat_domain.names import Name
from chat_domain.ports.runtime import Depths


class Users(Protocol):
    """Who has registered."""

    async def add(self, name: Name, secret: str) -> int:
        """Register and return the new id. Raises NameTaken where another has the name's key,
        or a name that looks like it (the same `skeleton`, or the same `key_skeleton`)."""

    async def by_id(self, user_id: int) -> Account | None:
        """The account of this id, None where there is none (any integer may be asked)."""

    async def by_name(self, key: str) -> Account | None:
        """The account whose name has this key (see `names.name_key`), or None."""

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        """The names of those of these ids that exist."""

    async def set_secret(self, user_id: int, secret: str, *, instead_of: str) -> bool:
        """Replace the secret if it still is `instead_of`; return whether it was replaced."""

    async def page(self, after: int, limit: int, containing: str = "") -> list[Account]:
        """The first `limit` accounts with an id above `after` whose names' keys have this part,
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
    """Proofs of an earlier login. Only digests come here, never a token itself.

    A user's tokens with the same name of a session are that session's. Where some of several have
    to go, those that expire first go.
    """

    async def add(self, token: KeptToken, *, sessions: int) -> None:
        """Keep a token until it expires, in place of any with its digest. Of the user's sessions
        this one and `sessions - 1` others stay. All tokens that have expired are forgotten."""

    async def find(self, digest: str, now_ms: int) -> tuple[User, KeptToken] | None:
        """The token of this digest and whose it is, None where it is unknown or has expired
        (expires_ms <= now_ms)."""

    async def session_of(self, series: str) -> tuple[int, str] | None:
        """The user and the name of the session that has tokens of this series, None if none has."""

    async def use(self, token: KeptToken, following: KeptToken | None, *, new: int) -> bool:
        """A session is resumed by this token.

        Where it is forgotten by now, nothing is done and False returned. If it was not used before,
        it is from now on, and all others of its session are forgotten. Then `following` is kept as
        well; of the session's unused ones it and `new - 1` others stay.
        """

    async def of(self, user_id: int, now_ms: int) -> list[KeptToken]:
        """A user's tokens that have not expired, the last to expire first (of those that expire
        together, ascending by digest)."""

    async def remove(self, user_id: int, session: str) -> None:
        """Forget all tokens of a session. An unknown one is no error."""

    async def remove_all(self, user_id: int) -> None:
        """Forget all tokens of a user."""

    async def remove_some(self, limit: int) -> int:
        """Forget `limit` tokens, whosever they are, or all there are; return how many."""


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
        """Make a group with its creator as its only member. Raises GroupNameTaken where
        another group has this name or one that looks like it, as for users."""

    async def by_id(self, group_id: int) -> Group | None:
        """The group of this id, None where there is none (any integer may be asked)."""

    async def by_name(self, key: str) -> Group | None:
        """The group whose name has this key (see `names.name_key`), or None."""

    async def page(self, after: int, limit: int, containing: str = "") -> list[SizedGroup]:
        """The first `limit` groups with an id above `after` whose names' keys have this part,
        ascending by id."""

    async def rename(self, group_id: int, name: Name) -> None:
        """Call a group something else, or the same in other letters. Raises NoSuchGroup, and
        GroupNameTaken as `create` does for another group's name."""

    async def join(self, group_id: int, user_id: int) -> Group:
        """Become an ordinary member. Raises NoSuchGroup and AlreadyMember."""

    async def leave(self, group_id: int, user_id: int) -> None:
        """Stop being a member. A creator who leaves makes the longest member creator (of those
        who came at the same time the lowest id); the last one out ends the group, whose
        name becomes free and whose id does not. Raises NoSuchGroup and NotMember."""

    async def end(self, group_id: int) -> None:
        """End a group and all memberships of it, as when its last member leaves. Raises
        NoSuchGroup."""

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


@attrs.frozen
class Store:
    """The storage ports of one database, as `adapters.*` open them together."""

    users: Users
    tokens: Tokens
    friends: Friends
    groups: Groups
    mailbox: Mailbox
    depths: Depths = attrs.field(factory=dict)
