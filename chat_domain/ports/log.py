"""The one log: what a database has to do for it. What is common to all its ports is in `store`."""

from collections.abc import Callable, Mapping
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
from chat_domain.model import Conversation


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

    async def forget_of(self, conv: int, before_ms: int, limit: int) -> int:
        """The same of one conversation's entries, wherever they are. `ends.oldest` stays as it is:
        positions that the log does not have were deleted."""

    async def erase(self, user_id: int, so_far: Erased, upto: int, limit: int) -> Erased:
        """Empty the texts of a user up to the position `upto`, which become DELETED, in all
        conversations that they are or were in, going on from `so_far`; look at `limit` entries at
        most, one at least. Return how far that has come."""


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
