"""What a database does, except for the log, which is in `log`.

Common to these ports and the log:
- every method is atomic: all of it is done when it returns, and none of it when it raises;
- a write that has returned is durable (except in the memory adapter) and seen by every later read;
- if the store cannot be reached or does not answer in time, any method raises `TryAgain`; a write
  that raised it may have been done all the same, so every write can be repeated;
- ids are positive, below 2**31, and never assigned twice, not even after a deletion.
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

EXPIRED_AT_ONCE = 100  # tokens that `Tokens.add` deletes


class Users(Protocol):
    """The registered users."""

    async def add(self, name: Name, secret: str) -> int:
        """Register a user and return the new id. Raises NameTaken if another user has the name's
        key, or a name that looks like it (the same `skeleton`, or the same `key_skeleton`)."""

    async def find(self, who: int | str) -> Account | None:
        """The account with this id (any integer may be asked for), or whose name has this key (see
        `names.name_key`); None if there is none."""

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        """The names of those of these users who exist, by id."""

    async def set_secret(
        self, user_id: int, secret: str, *, instead_of: str, ending_tokens: bool = False
    ) -> bool:
        """Replace the secret if it still is `instead_of`; return whether it was replaced.

        ending_tokens: delete the user's tokens if it was.
        """

    async def page(self, after: int, limit: int, containing: str = "") -> list[Account]:
        """The first `limit` accounts with an id above `after` whose names' keys contain this text,
        ascending by id."""

    async def remove(self, user_id: int) -> bool:
        """Delete an account, its tokens and its friendships both ways; return whether it existed.
        Its memberships have ended before, by changes in the log."""

    async def skip_ids(self, number: int) -> None:
        """Never assign the next `number` ids."""


class Tokens(Protocol):
    """Proofs of an earlier login. Only digests are passed here, never a token itself.

    A user's tokens with the same session name belong to that session. If some of several have to be
    deleted, those that expire first are.
    """

    async def add(
        self, token: KeptToken, *, sessions: int, connected: Collection[str] = ()
    ) -> list[str]:
        """Store a token until it expires, in place of any with its digest. Delete the
        EXPIRED_AT_ONCE tokens of any users that expired first, or all that have expired by
        `token.seen_ms` if there are fewer: each begun session has four tokens at most, so they do
        not pile up.

        The user's other session on a device of the same name, unless that is "", makes room for
        this one; then this one and `sessions - 1` others stay. Of the others, those not `connected`
        are deleted first, and of those the longest unused (by `seen_ms`, then by name). Return the
        names of the sessions that were deleted, in no particular order.
        """

    async def find(self, digest: str, now_ms: int) -> tuple[User, KeptToken] | None:
        """The token with this digest and its user, None if it is unknown or has expired (expires_ms
        <= now_ms)."""

    async def session_of(self, series: str, now_ms: int) -> tuple[int, str] | None:
        """The user and the name of the session that has tokens of this series which have not
        expired, None if none has."""

    async def use(self, token: KeptToken, following: KeptToken | None, *, new: int) -> bool:
        """A session was resumed with this token.

        If the token no longer exists, do nothing and return False. If it was unused, it is used
        from now on, and all others of its session are deleted. Then store `following` as well, if
        there is one; of the session's unused tokens, it and `new - 1` others stay. The session's
        tokens get `token.seen_ms`.
        """

    async def of(self, user_id: int, now_ms: int) -> list[KeptToken]:
        """A user's tokens that have not expired, the last to expire first (those that expire
        together, ascending by digest)."""

    async def sessions_of(self, user_ids: Collection[int]) -> set[tuple[int, str]]:
        """The sessions of these users that have tokens, even expired ones: the users' ids, and the
        sessions' names."""

    async def extend(self, sessions: Collection[tuple[int, str]], expires_ms: int) -> None:
        """Let no token of these sessions, given by their users' ids and their names, expire before
        this time."""

    async def remove(self, user_id: int, session: str) -> None:
        """Delete all tokens of a session. An unknown session is no error."""

    async def remove_all(self, user_id: int) -> None:
        """Delete all tokens of a user."""

    async def remove_some(self, limit: int) -> int:
        """Delete `limit` tokens of any users, or all if there are fewer; return how many."""


class Friends(Protocol):
    """Each user's list of friends. One-way: my listing you does not put me on your list."""

    async def add(self, user_id: int, friend_id: int) -> None:
        """Raises NoSuchUser(friend_id) and AlreadyFriends."""

    async def remove(self, user_id: int, friend_id: int) -> None:
        """Raises NotFriends."""

    async def page(self, user_id: int, after: int, limit: int) -> list[User]:
        """The first `limit` users on a user's list with an id above `after`, ascending by id."""

    async def listed_by(self, user_id: int, after: int, limit: int) -> list[int]:
        """The first `limit` ids above `after` of the users who list this one, ascending. There is
        no bound for how many they are."""

    async def count(self, user_id: int) -> int:
        """How many users are on a user's list."""

    async def lists(self, user_id: int, friend_id: int) -> bool:
        """Whether `user_id` lists `friend_id`."""


class Settings(Protocol):
    """Users' own settings, for all their devices."""

    async def of(self, user_id: int) -> Preferences:
        """A user's settings; the defaults if there is no such user."""

    async def set(
        self, user_id: int, *, hide_read: bool | None = None, hide_typing: bool | None = None
    ) -> Preferences:
        """Change what is not None; return what holds then. Nothing is stored for a missing user."""

    async def mute(self, user_id: int, conv: int, muted: bool | None) -> bool | None:
        """Mute or unmute a conversation for a user, unless `muted` is None. Return whether it is
        muted then; None, with nothing done, if they never were in it."""


class Groups(Protocol):
    """The groups and who is in them. They change only by entries of the log (see `Log.append`),
    except by `show_history` and `keep`.

    Members are those who have not left. The rows of those who have stay, for what they may see.
    """

    async def find(self, which: int | str) -> Group | None:
        """The group with this id (any integer may be asked for), or whose name has this key (see
        `names.name_key`); None if there is none."""

    async def page(self, after: int, limit: int, containing: str = "") -> list[SizedGroup]:
        """The first `limit` groups with an id above `after` whose names' keys contain this text,
        ascending by id."""

    async def skip_ids(self, number: int) -> None:
        """Never assign the next `number` ids of groups."""

    async def show_history(self, group_id: int, *, whole: bool) -> bool:
        """Let users who join a group from now on see all of its history, or, as is the default,
        only what follows their joining. Return whether the group exists."""

    async def page_of(self, user_id: int, after: int, limit: int) -> list[Membership]:
        """The first `limit` of a user's groups with an id above `after`, ascending by id."""

    async def count_of(self, user_id: int) -> tuple[int, int]:
        """How many groups a user is in, and how many they are or were in."""

    async def size(self, group_id: int) -> int:
        """How many members a group has. Raises NoSuchGroup."""

    async def members(self, group_id: int, after: int, limit: int) -> list[Member]:
        """The first `limit` members with an id above `after`, ascending by id, `online` left
        False. Raises NoSuchGroup."""

    async def keep(self, group_id: int, days: int) -> int:
        """Keep a group's entries for this many days, 0 for no limit of its own; return the days
        that were set before. They stay set after the group has ended. Raises NoSuchGroup."""

    async def keeping(self, after: int, limit: int) -> dict[int, int]:
        """The days (MAX_DAYS at most) that are set for the first `limit` groups above `after` with
        a limit of their own, by id, ascending; groups that have ended are included."""


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
