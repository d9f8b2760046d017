"""What a database does.

Common to these ports:
- every method is one atomic step: wholly done when it returns, or not at all when it raises;
- what a write returned from is durable (but for the memory adapter) and seen by every later read;
- when the store cannot be reached or does not answer in time, any method raises `TryAgain`;
  a write that raised it may have happened all the same, so each of them can be repeated;
- ids are positive, below 2**31, and never given twice, also after a deletion.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import attrs

from chat_domain.entries import (
    NOWHERE,
    Batch,
    Ends,
    Entry,
    Erased,
    Known,
    Opening,
    Place,
    Reading,
    Sight,
)
from chat_domain.errors import ChatError
from chat_domain.model import (
    Account,
    Conversation,
    Group,
    KeptToken,
    Member,
    Membership,
    Preferences,
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


class Log(Protocol):
    """The one log of everything that is said, and of every change of who may see it.

    Positions are given inside of the commit, from 1 on, dense and in the order of commits: whoever
    has seen one can read everything below it, on any node, and it is never given again within an
    epoch. A conversation of two has its members with its first entry.

    A user may see an entry of a conversation when they are or were a member of it, and their
    `Sight` of it shows the entry. Who joins sees their own joining, who leaves their own leaving;
    who joins again sees from there on only. Who joins a group that shows all its history
    (`Groups.show_history`) sees what was before as well, and has read it.
    """

    def append(self, batch: Batch, done: "Callable[[Outcome], None]") -> None:
        """Commit these entries together, and call `done` once, in a turn of the event loop of its
        own. Batches are committed in the order in which they are given.

        Each that is admitted has `at` from then on, and what the log alone can know: of a group
        that is created `conv`, of a LEFT who is creator now. What is not admitted is in
        `Committed.others`, with the reason:
        - Known, where the log has an entry of the same sender and cid, or an earlier one of the
          batch is that; CidConflict where that one has another conversation or content, unless
          its text was deleted since (of a text, `text` and `answers` are compared; of a change
          `what`, `name` and, but for LEFT, `user_id`). This comes before all that follows.
        - what `batch.refused` says; NoSuchGroup instead where the conversation is a group that does
          not exist.
        - NotMember, for a text to a group that its sender has left, or was removed from, by an
          earlier entry of the batch; NoSuchGroup, where that has ended it.
        - NoSuchUser, for the conversation of two of whom one does not exist.
        - changes are carried out, and refused with what stands in their way: CREATED GroupNameTaken
          (the sender becomes creator); JOINED NoSuchGroup and AlreadyMember; LEFT NoSuchGroup and
          NotMember (a creator who leaves makes the longest member creator, of those who came
          together the lowest id; the last one out ends the group, whose name becomes free); REMOVED
          NoSuchGroup and NoSuchMember, otherwise as LEFT; RENAMED NoSuchGroup and GroupNameTaken;
          ENDED NoSuchGroup. ERASED empties all texts of its sender above the position that it
          answers, which become DELETED. Others carry nothing out.

        OutOfDate where something has changed since `batch.judged`: nothing is committed then.
        Moved where the log has another epoch, or does not have `batch.last` where it was: likewise.
        TryAgain where the store cannot do it now: it may have been committed all the same.
        """

    async def ends(self, last: Place = NOWHERE, epoch: str = "") -> Ends:
        """The log as a whole. Where it does not have the entry `last` where it was, positions have
        been lost: then it has a new epoch when this returns. epoch: that of `last`, if known; where
        the log has another one already, it is not given a third."""

    async def now_ms(self) -> int:
        """What the store's own clock says: UTC milliseconds since the epoch."""

    async def renew(self) -> str:
        """Give the log a new epoch, and return it. Marks above its head are cut to it."""

    async def tail(self, after: int, limit: int) -> Reading:
        """The first `limit` entries above a position, of all conversations, ascending."""

    async def read(self, user_id: int, after: int, limit: int) -> Reading:
        """The first `limit` entries above a position that a user may see, ascending."""

    async def missed(self, user_id: int, after: int, most: int) -> int:
        """How many entries above a position a user may see; `most` where they are more."""

    async def page(
        self, user_id: int, conv: int, *, before: int | None, after: int, limit: int
    ) -> list[Entry]:
        """Of a conversation's entries above `after` that a user may see: the first `limit`, or
        where `before` is given, the last `limit` below it. Ascending."""

    async def first(self, sender_id: int, cid: str) -> Entry | None:
        """What the log has under a sender's cid, None where it has nothing."""

    async def sight(self, user_id: int, conv: int) -> Sight | None:
        """What a user may see of a conversation, None where they never were in it."""

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> list[Conversation]:
        """The first `limit` of a user's conversations of which they may see an entry, by the last
        one that they may see, the latest first; those alone whose last one is below `before`. In
        the one with themselves, what has happened to their devices does not count, unless there is
        nothing else among its last MOST_PASSED_OVER entries: then the last of these does."""

    async def unheard(self, user_id: int, sender_id: int, most: int) -> int:
        """How many texts a user's devices have not got (`mark`) that this sender wrote to them
        alone; `most` where they are more."""

    async def may_begin(self, user_id: int, other_id: int, most: int) -> bool:
        """Whether a user has a conversation with this other one, or fewer than `most` of two."""

    async def opening(self, user_id: int) -> Opening:
        """What a session of this user begins with, all of it from one moment."""

    async def mark(
        self, marks: Mapping[tuple[int, int], int], epoch: str = "", last: Place = NOWHERE
    ) -> None:
        """Users have read conversations up to these positions, by both; where EVERYWHERE stands in
        the place of a conversation, all up to there is with some device of theirs. Marks only grow;
        of who was never in a conversation there are none. epoch: that of the positions, if known.
        Where the log has another one, or does not have the entry `last` where it was (it has lost
        positions, and nobody has noticed yet), nothing is kept."""

    async def read_mark(self, user_id: int, conv: int) -> int | None:
        """Up to where a user has read a conversation; None where they never were in it."""

    async def reads(self, conv: int, most: int) -> dict[int, int]:
        """Up to where the members of a conversation have read it, who have read anything of it and
        do not hide that. Empty where there are more than `most` members."""

    async def forget(self, before_ms: int, limit: int) -> int:
        """Delete entries at the front, in the order of positions, up to the first one whose time
        is not below `before_ms`; `limit` of them at most. `ends.oldest` is behind them then. A cid
        whose entry was deleted is nobody's. What has no time that can be read is old. Return how
        many were deleted: fewer than `limit` where no more are old, or another node is at it."""

    async def erase(self, user_id: int, so_far: Erased, upto: int, limit: int) -> Erased:
        """Empty the texts of a user up to a position, which become DELETED, in all conversations
        that they are or were in, from where that has come; look at `limit` entries at most, which
        is above 0. Return how far it has come."""

    async def forget_of(self, conv: int, before_ms: int, limit: int) -> int:
        """The same of one conversation's entries, wherever they are. `ends.oldest` stays as it is:
        positions that the log does not have were deleted."""


@attrs.frozen
class Committed:
    """others: of those entries of the batch that were not admitted, by their places in it."""

    others: Mapping[int, Known | ChatError] = attrs.field(factory=dict)


@attrs.frozen
class OutOfDate:
    """Nothing was committed: there is a change at this position, which may concern the batch."""

    changed: int


@attrs.frozen
class Moved:
    """Nothing was committed: positions do not mean any more what they meant to the writer."""


Outcome = Committed | OutOfDate | Moved | ChatError


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
