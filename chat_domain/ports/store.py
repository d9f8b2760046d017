"""What a database does, but for the log, which is in `log`.

Common to these ports and to that:
- every method is one atomic step: wholly done when it returns, or not at all when it raises;
- what a write returned from is durable (but for the memory adapter) and seen by every later read;
- when the store cannot be reached or does not answer in time, any method raises `TryAgain`;
  a write that raised it may have happened all the same, so each of them can be repeated;
- ids are positive, below 2**31, and never given twice, also after a deletion.
"""

from collections.abc import Collection
from typing import Protocol

import attrs

from chat_domain.model import (
    Account,
    Group,
    KeptToken,
    Member,
    Membership,
    Preferences,
    SizedGroup,
    User,
)
from chat_domain.names import Name
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Depths


class Users(Protocol):
    """Who has registered."""

    async def add(self, name: Name, secret: str) -> int:
        """Register and return the new id. Raises NameTaken where another has the name's key,
        or a name that looks like it (the same `skeleton`, or the same `key_skeleton`)."""

    async def find(self, who: int | str) -> Account | None:
        """The account of this id (any integer may be asked), or whose name has this key (see
        `names.name_key`); None where there is none."""

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        """The names of those of these ids that exist."""

    async def set_secret(self, user_id: int, secret: str, *, instead_of: str) -> bool:
        """Replace the secret if it still is `instead_of`; return whether it was replaced."""

    async def page(self, after: int, limit: int, containing: str = "") -> list[Account]:
        """The first `limit` accounts with an id above `after` whose names' keys have this part,
        ascending by id."""

    async def remove(self, user_id: int) -> bool:
        """Forget an account, its tokens and its friendships both ways; return whether there was
        one. Its memberships and its texts end by changes in the log, before."""

    async def skip_ids(self, number: int) -> None:
        """Give none of the next `number` ids to anybody."""

    async def mark(self, online: Collection[int], offline: Collection[int]) -> None:
        """Paint the `state` column. A picture for whoever reads the table, not the truth."""


class Tokens(Protocol):
    """Proofs of an earlier login. Only digests come here, never a token itself.

    A user's tokens with the same name of a session are that session's. Where some of several have
    to go, those that expire first go.
    """

    async def add(
        self, token: KeptToken, *, sessions: int, connected: Collection[str] = ()
    ) -> list[str]:
        """Keep a token until it expires, in place of any with its digest. All tokens that have
        expired are forgotten.

        The user's other session on a device of the same name, unless that is "", makes room for
        this one; then this one and `sessions - 1` others stay. Which of the others go: those that
        are not `connected` first, and of these the longest unused (`seen_ms`, then the name).
        Return the names of the sessions that have gone, in no particular order."""

    async def find(self, digest: str, now_ms: int) -> tuple[User, KeptToken] | None:
        """The token of this digest and whose it is, None where it is unknown or has expired
        (expires_ms <= now_ms)."""

    async def session_of(self, series: str) -> tuple[int, str] | None:
        """The user and the name of the session that has tokens of this series, None if none has."""

    async def use(self, token: KeptToken, following: KeptToken | None, *, new: int) -> bool:
        """A session is resumed by this token.

        Where it is forgotten by now, nothing is done and False returned. If it was not used before,
        it is from now on, and all others of its session are forgotten. Then `following` is kept as
        well; of the session's unused ones it and `new - 1` others stay. What stays of the session
        was seen at `token.seen_ms`.
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

    async def lists(self, user_id: int, friend_id: int) -> bool:
        """Whether this one is on this user's list."""


class Settings(Protocol):
    """What users have chosen for themselves, on all their devices."""

    async def of(self, user_id: int) -> Preferences:
        """What a user has chosen; of nobody, as of who has chosen nothing."""

    async def set(
        self, user_id: int, *, hide_read: bool | None = None, hide_typing: bool | None = None
    ) -> Preferences:
        """Change what is not None; return what holds then. Of nobody, nothing is kept."""

    async def mute(self, user_id: int, conv: int, muted: bool | None) -> bool | None:
        """Change whether a user wants to be notified of a conversation, unless `muted` is None.
        Return whether it is muted then; None, and nothing done, where they never were in it."""


class Groups(Protocol):
    """The groups and who is in them. They change by entries of the log alone (see `Log.append`),
    but for what `show_history` says.

    Members are those who have not left. The rows of those who have stay, for what they may see.
    """

    async def find(self, which: int | str) -> Group | None:
        """The group of this id (any integer may be asked), or whose name has this key (see
        `names.name_key`); None where there is none."""

    async def page(self, after: int, limit: int, containing: str = "") -> list[SizedGroup]:
        """The first `limit` groups with an id above `after` whose names' keys have this part,
        ascending by id."""

    async def skip_ids(self, number: int) -> None:
        """Give none of the next `number` ids to any group."""

    async def show_history(self, group_id: int, *, whole: bool) -> bool:
        """Let who joins a group from now on see all that was said there, or what comes from their
        joining on, as at the beginning. Return whether there is such a group."""

    async def page_of(self, user_id: int, after: int, limit: int) -> list[Membership]:
        """The first `limit` of a user's groups with an id above `after`, ascending by id."""

    async def count_of(self, user_id: int) -> int:
        """How many groups a user is in."""

    async def size(self, group_id: int) -> int:
        """How many members a group has. Raises NoSuchGroup."""

    async def members(self, group_id: int, after: int, limit: int) -> list[Member]:
        """The first `limit` members with an id above `after`, ascending by id, `online` left
        False. Raises NoSuchGroup."""

    async def keep(self, group_id: int, days: int) -> int:
        """Keep what is said in a group for so many days, 0 for ever; return for how many it was
        kept before. That stays so when the group has ended. Raises NoSuchGroup."""

    async def keeping(self, after: int, limit: int) -> dict[int, int]:
        """For how many days, MAX_DAYS at most, what is said is kept in the first `limit` groups,
        ended ones among them, that are not kept for ever and have an id above `after`; by id,
        ascending."""


@attrs.frozen
class Store:
    """The storage ports of one database, as `adapters.*` open them together."""

    users: Users
    tokens: Tokens
    friends: Friends
    groups: Groups
    settings: Settings
    log: Log
    depths: Depths = attrs.field(factory=dict)
