"""The one log: what a database has to do for it. `store` says what is common to all its ports."""

from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from chat_domain.entries import (
    NO_ENTRY,
    Batch,
    Duplicate,
    Entry,
    EntryRef,
    ErasureProgress,
    LogEnds,
    LogSlice,
    Opening,
    Visibility,
)
from chat_domain.errors import ChatError
from chat_domain.model import Conversation

MORE_LOOKED_AT = 1_000  # entries of a conversation, see `Log.undelivered`


class Log(Protocol):
    """The one log of everything that is said, and of every change of who may see it.

    The store assigns positions inside the commit, from 1 on, dense and in commit order. So a reader
    that has seen a position can read all below it, on any node. None is assigned twice in an epoch.
    The first entry of a conversation of two makes both its members.

    A user may see an entry if they are or were a member of its conversation, and their `Visibility`
    of that shows the entry. A user who joins sees their own joining, one who leaves their own
    leaving, and one who joins again only what follows. One who joins a group that shows all its
    history (`Groups.show_history`) also sees what was before, and counts as having read it.
    """

    def append(self, batch: Batch, done: "Callable[[Outcome], None]") -> None:
        """Commit these entries together, and call `done` once with the outcome, in a turn of the
        event loop of its own. Batches are committed in the order in which they are given.

        An entry that is admitted then has its `at`, and what only the log can know: `conv` if it
        creates a group, the new creator if it is a LEFT. The others are in
        `Committed.not_admitted`, with the reason:
        - Duplicate, if the log, or the batch before it, has an entry of the same sender and cid;
          CidConflict if that entry has another conversation or content, unless its text was deleted
          since (texts are compared by `text` and `answers`; changes by `what`, `name` and, except
          for LEFT, `user_id`; one whose `conv` is 0, by `what` and `name` alone). This takes
          precedence over all that follows.
        - the error in `batch.refused`; NoSuchGroup instead if the conversation is a group that does
          not exist.
        - NotMember, for a text to a group that its sender has left, or was removed from, by an
          earlier entry of the batch; NoSuchGroup, if such an entry has ended the group.
        - NoSuchUser, for a conversation of two users of whom one does not exist.
        - the error of a change, which is carried out in the same commit: CREATED NotLoggedIn, if
          the sender does not exist or is disabled, and GroupNameTaken (the sender becomes creator);
          JOINED NotLoggedIn likewise, NoSuchGroup and AlreadyMember; LEFT NoSuchGroup and NotMember
          (if the creator leaves, the longest-standing member becomes creator, of those who joined
          together the lowest id; the last member to leave ends the group and frees its name);
          REMOVED NoSuchGroup and NoSuchMember, otherwise as LEFT; RENAMED NoSuchGroup,
          GroupNameTaken and, unless the sender is the operator, NotMember, and NotAllowed if they
          are not the creator; ENDED NoSuchGroup. ERASED empties all texts of its sender above the
          position that it answers, which become DELETED. Other changes have no effect.

        If there is a change of a group, an ERASED or an ALL_ENDED above `batch.applied`, a store of
        several nodes asks `batch.judge` for the refusals in view of all changes up to the head. If
        it cannot, there are too many of them, or one may have been deleted, the outcome is
        OutOfDate. It is EpochChanged if the log has another epoch or does not have `batch.last` at
        its position. In both cases nothing is committed. It is TryAgain if the store cannot do it
        now: the batch may have been committed all the same.
        """

    async def ends(self, last: EntryRef = NO_ENTRY, epoch: str = "") -> LogEnds:
        """The log as a whole. If it does not have the entry `last` at its position, it has lost
        positions, and has a new epoch when this returns. epoch: that of `last`, if known; if the
        log has another one already, it gets no third."""

    async def now_ms(self) -> int:
        """The time by the store's own clock: UTC milliseconds since the epoch."""

    async def renew(self) -> str:
        """Give the log a new epoch, and return it. Marks above its head are cut to it."""

    async def tail(self, after: int, limit: int) -> LogSlice:
        """The first `limit` entries above a position, of all conversations, ascending."""

    async def read(self, user_id: int, after: int, limit: int) -> LogSlice:
        """The first `limit` entries above a position that a user may see, ascending."""

    async def missed(self, user_id: int, after: int, most: int) -> int:
        """How many entries above a position a user may see, `most` if there are more."""

    async def page(
        self, user_id: int, conv: int, *, before: int | None, after: int, limit: int
    ) -> list[Entry]:
        """Of a conversation's entries above `after` that a user may see: the first `limit`, or, if
        `before` is given, the last `limit` below it. Ascending."""

    async def visibility(self, user_id: int, conv: int) -> Visibility | None:
        """What a user may see of a conversation and has read, None if they never were in it."""

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> list[Conversation]:
        """The first `limit` of a user's conversations of which they may see an entry, the latest
        first, by the last entry that they may see; if `before` is given, only those whose last is
        below it. In the one with themselves, entries about their devices do not count, unless its
        last MOST_PASSED_OVER entries are nothing else: then the last of these counts."""

    async def undelivered(self, user_id: int, sender_id: int, most: int) -> int:
        """How many one-to-one texts of this sender the user's devices have not received (by
        `mark`), `most` if there are more. Of their conversation, only the last `most` and
        MORE_LOOKED_AT entries count, so that it does not matter how much the user has written."""

    async def may_begin(self, user_id: int, other_id: int, most: int) -> bool:
        """Whether a user has a conversation with `other_id`, or fewer than `most` with one other
        user."""

    async def opening(self, user_id: int) -> Opening:
        """What a session of this user begins with, all of it as of one position."""

    async def mark(
        self, marks: Mapping[tuple[int, int], int], epoch: str = "", last: EntryRef = NO_ENTRY
    ) -> None:
        """Users have read conversations up to these positions, by user and conversation; by user
        and EVERYWHERE, some device of theirs has received everything up to there. Marks only grow;
        a user who never was in a conversation has no mark for it. epoch: that of the positions, if
        known. If the log has another one, or does not have the entry `last` at its position (it has
        lost positions, and nobody has noticed yet), nothing is stored."""

    async def reads(self, conv: int, most: int) -> dict[int, int]:
        """How far the members of a conversation have read it, by id: those who have read any of it
        and do not hide that. Empty if it has more than `most` members."""

    async def forget(self, before_ms: int, limit: int) -> int:
        """Delete entries at the front, in order of position, up to the first one whose time is not
        below `before_ms`, at most `limit` of them. `ends.oldest` is above them then. The cid of a
        deleted entry is free again. An entry whose time cannot be read is old. Return how many were
        deleted: fewer than `limit` if no more are old, or another node is deleting."""

    async def forget_of(self, conv: int, before_ms: int, limit: int) -> int:
        """The same for one conversation's entries, wherever they are. `ends.oldest` stays as it is:
        a position that the log does not have was deleted."""

    async def erase(
        self, user_id: int, so_far: ErasureProgress, upto: int, limit: int
    ) -> ErasureProgress:
        """Empty the texts of a user up to the position `upto`, which become DELETED, in all
        conversations that they are or were in, continuing from `so_far`; look at `limit` entries at
        most, one at least. Return how far that has come."""


@attrs.frozen
class Committed:
    """not_admitted: why entries of the batch were not admitted, by their index in it."""

    not_admitted: Mapping[int, Duplicate | ChatError] = attrs.field(factory=dict)


@attrs.frozen
class OutOfDate:
    """Nothing was committed: there is a change at this position, which may concern the batch."""

    changed: int


@attrs.frozen
class EpochChanged:
    """Nothing was committed: the positions that the writer knows are no longer valid."""


Outcome = Committed | OutOfDate | EpochChanged | ChatError
