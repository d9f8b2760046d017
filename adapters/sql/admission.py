"""Which entries of a batch enter the log, and where: what `Log.append` does without a database."""

from collections.abc import Collection, Mapping

import attrs

from chat_domain.entries import DELETED, Batch, Change, ChangeKind, Duplicate, Entry, is_group
from chat_domain.errors import (
    ChatError,
    CidConflict,
    NoSuchGroup,
    NoSuchUser,
    NotMember,
)

# Positions above what a batch was authorized by, among which the log is searched for changes while
# it is locked. If there are more, the batch is out of date.
MOST_MISSED = 1_000

_OF_AN_ACCOUNT = {ChangeKind.ERASED, ChangeKind.ALL_ENDED}  # they may forbid texts behind them

Key = tuple[int, str]  # a sender's id, and their cid


@attrs.frozen
class FirstCopy:
    """What the log already has under a sender's cid."""

    known: Duplicate
    kind: int
    text: str
    change: Change | None
    answers: int

    def answer(self, entry: Entry) -> Duplicate | CidConflict:
        """The answer to a sender who sends this entry under the same cid."""
        return self.known if self._is(entry) else CidConflict(entry.cid)

    def _is(self, entry: Entry) -> bool:
        if entry.change is not None:
            return self.change is not None and self._is_change(self.change, entry.change, entry)
        if self.change is not None or self.known.conv != entry.conv:
            return False
        return self.kind == DELETED or (self.text, self.answers) == (entry.text, entry.answers)

    def _is_change(self, first: Change, change: Change, entry: Entry) -> bool:
        """Ignores what the log itself adds: the new creator after LEFT, and the group of a change
        whose sender does not know it."""
        if (first.what, first.name) != (change.what, change.name):
            return False
        if not entry.conv:
            return True
        return self.known.conv == entry.conv and (
            change.what == ChangeKind.LEFT or first.user_id == change.user_id
        )


@attrs.frozen
class Seen:
    """What the adapter has looked up for a batch.

    first_copies: the entries that the log already has. missing: for conversations of two users, one
    of them who does not exist. new: the conversations of two existing users that may not have
    members yet. ended: among the groups of refused entries, those that do not exist.
    """

    first_copies: Mapping[Key, FirstCopy] = attrs.field(factory=dict)
    missing: Mapping[int, int] = attrs.field(factory=dict)
    new: Collection[int] = ()
    ended: Collection[int] = ()


@attrs.frozen
class Row:
    """An admitted entry, with what only the log can know of it."""

    entry: Entry
    at: int
    conv: int
    change: Change | None


@attrs.define(init=False)
class Admission:
    """A batch while its entries are admitted or refused.

    head, changed: those of the log, as they are with `rows`. others: `Committed.not_admitted`.
    rows: in order. begun: for those conversations in `Seen.new` that have an entry here, its first
    position.
    """

    head: int
    changed: int
    others: dict[int, Duplicate | ChatError]
    rows: list[Row]
    begun: dict[int, int]
    _batch: Batch
    _seen: Seen
    _first_copies: dict[Key, FirstCopy]
    _gone: set[tuple[int, int]]  # (user, group) left in this batch; user 0: all users

    def __init__(self, batch: Batch, seen: Seen, head: int, changed: int) -> None:
        self.head, self.changed = head, changed
        self.others, self.rows, self.begun = {}, [], {}
        self._batch, self._seen = batch, seen
        self._first_copies, self._gone = dict(seen.first_copies), set()

    def refusal(self, place: int) -> Duplicate | ChatError | None:
        """Why the entry at this index of the batch is not admitted; None if it may be."""
        entry = self._batch.entries[place]
        first = self._first_copies.get((entry.sender_id, entry.cid))
        if first is not None:
            return first.answer(entry)
        refused = self._batch.refused.get(place)
        if refused is not None:
            ended = entry.conv in self._seen.ended and entry.conv  # 0: a group yet to be created
            return NoSuchGroup(entry.conv) if ended else refused
        if entry.conv in self._seen.missing:
            return NoSuchUser(self._seen.missing[entry.conv])
        return self._shut_out(entry) if self._gone and entry.change is None else None

    def _shut_out(self, entry: Entry) -> ChatError | None:
        if (0, entry.conv) in self._gone:
            return NoSuchGroup(entry.conv)
        return NotMember(entry.conv) if (entry.sender_id, entry.conv) in self._gone else None

    def write(self, entry: Entry, conv: int, change: Change | None) -> None:
        """Admit it at the next position."""
        self.head = at = self.head + 1
        self.rows.append(Row(entry, at, conv, change))
        self._first_copies[entry.sender_id, entry.cid] = FirstCopy(
            Duplicate(at, entry.time_ms, conv), entry.kind, entry.text, change, entry.answers
        )
        if conv in self._seen.new:
            self.begun.setdefault(conv, at)
        if change is not None and (is_group(conv) or change.what in _OF_AN_ACCOUNT):
            self.changed = at

    def shut_out(self, group_id: int, user_id: int = 0) -> None:
        """From here on, no text of this user (0: of any user) in the group is admitted in this
        batch."""
        self._gone.add((user_id, group_id))

    def settle(self) -> None:
        """To be called after the commit: give the entries what the log has added to them."""
        for row in self.rows:
            entry = row.entry
            entry.at, entry.conv, entry.change = row.at, row.conv, row.change


def admit_texts(batch: Batch, seen: Seen, head: int, changed: int) -> Admission:
    """Admit a batch that has no changes. The number of rows does not depend on `head`, so this can
    be called before `head` is known, and again once it is."""
    admission = Admission(batch, seen, head, changed)
    for place, entry in enumerate(batch.entries):
        other = admission.refusal(place)
        if other is None:
            admission.write(entry, entry.conv, None)
        else:
            admission.others[place] = other
    return admission
