"""Who of a batch gets into the log, and where: the rules of `Log.append` that need no database.

How an adapter appends: it looks up what `Seen` holds, and calls `admit` or, where there are no
changes in the batch, `admit_texts`; it keeps what is in `rows`, then the log's new `head` and
`changed`, commits, and calls `settle`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping

import attrs

from chat_domain.entries import DELETED, Batch, Change, Entry, Known, What, is_group
from chat_domain.errors import ChatError, CidConflict, NoSuchGroup, NoSuchUser, NotMember, TryAgain

Key = tuple[int, str]  # a sender and their cid


@attrs.frozen
class First:
    """What the log has under a sender's cid already."""

    known: Known
    conv: int
    kind: int
    text: str
    change: Change | None
    answers: int

    def answer(self, entry: Entry) -> Known | CidConflict:
        """What to say to whoever sends this under the same cid."""
        return self.known if self._is(entry) else CidConflict(entry.cid)

    def _is(self, entry: Entry) -> bool:
        if entry.change is not None:
            return self.change is not None and self._is_change(self.change, entry.change, entry)
        if self.change is not None or self.conv != entry.conv:
            return False
        return self.kind == DELETED or (self.text, self.answers) == (entry.text, entry.answers)

    def _is_change(self, first: Change, change: Change, entry: Entry) -> bool:
        """The group's number, and who is creator after somebody left, are the log's additions."""
        if (first.what, first.name) != (change.what, change.name):
            return False
        if change.what == What.CREATED:
            return True
        return self.conv == entry.conv and (
            change.what == What.LEFT or first.user_id == change.user_id
        )


@attrs.frozen
class Seen:
    """What was looked up for a batch.

    firsts: those entries that the log has. missing: by conversations of two, somebody in it who
    does not exist. new: those conversations of two in which both exist, and that may have no
    members yet. ended: of the groups that refused entries are for, those that do not exist.
    """

    firsts: Mapping[Key, First] = attrs.field(factory=dict)
    missing: Mapping[int, int] = attrs.field(factory=dict)
    new: Collection[int] = ()
    ended: Collection[int] = ()


@attrs.frozen
class Row:
    """An entry that is admitted, with what the log alone knows of it."""

    entry: Entry
    at: int
    conv: int
    change: Change | None


@attrs.define(init=False)
class Admission:
    """A batch that is being sorted out.

    head, changed: the log's, as they are with the rows. others: see `Committed`. rows: in order.
    met: the conversations of two that may be new, and where they begin.
    """

    head: int
    changed: int
    others: dict[int, Known | ChatError]
    rows: list[Row]
    met: dict[int, int]
    _batch: Batch
    _seen: Seen
    _firsts: dict[Key, First]
    _gone: set[tuple[int, int]]  # who has left which group in this batch; 0 for everybody

    def __init__(self, batch: Batch, seen: Seen, head: int, changed: int) -> None:
        self.head, self.changed = head, changed
        self.others, self.rows, self.met = {}, [], {}
        self._batch, self._seen = batch, seen
        self._firsts, self._gone = dict(seen.firsts), set()

    def refusal(self, place: int) -> Known | ChatError | None:
        """Why the entry at this place of the batch is not admitted; None where it may be."""
        entry = self._batch.entries[place]
        first = self._firsts.get((entry.sender_id, entry.cid))
        if first is not None:
            return first.answer(entry)
        refused = self._batch.refused.get(place)
        if refused is not None:
            ended = entry.conv in self._seen.ended and entry.conv  # 0: of a group to be created
            return NoSuchGroup(entry.conv) if ended else refused
        if entry.conv in self._seen.missing:
            return NoSuchUser(self._seen.missing[entry.conv])
        return self._shut_out(entry) if self._gone and entry.change is None else None

    def _shut_out(self, entry: Entry) -> ChatError | None:
        if (0, entry.conv) in self._gone:
            return NoSuchGroup(entry.conv)
        return NotMember(entry.conv) if (entry.sender_id, entry.conv) in self._gone else None

    def write(self, entry: Entry, conv: int, change: Change | None) -> None:
        """Give it the next position."""
        self.head = at = self.head + 1
        self.rows.append(Row(entry, at, conv, change))
        self._firsts[entry.sender_id, entry.cid] = First(
            Known(at, entry.time_ms), conv, entry.kind, entry.text, change, entry.answers
        )
        if conv in self._seen.new:
            self.met.setdefault(conv, at)
        if change is not None and (is_group(conv) or change.what == What.ERASED):
            self.changed = at

    def shut_out(self, group_id: int, user_id: int = 0) -> None:
        """Nobody, or not this user, may write there any more, not in this batch either."""
        self._gone.add((user_id, group_id))

    def settle(self) -> None:
        """It is committed: let the entries have what the log gave them."""
        for row in self.rows:
            entry = row.entry
            entry.at, entry.conv, entry.change = row.at, row.conv, row.change


# Carries a change out, which has the next position, or raises why not, with nothing done.
# Returns the conversation that its entry is of, and the change as it is to be kept.
CarryOut = Callable[[Admission, Entry], Awaitable[tuple[int, Change]]]


def admit_texts(batch: Batch, seen: Seen, head: int, changed: int) -> Admission:
    """Sort out a batch that has no changes in it. How many rows there are does not depend on
    `head`, so it can be called before that is known, and again."""
    admission = Admission(batch, seen, head, changed)
    for place, entry in enumerate(batch.entries):
        other = admission.refusal(place)
        if other is None:
            admission.write(entry, entry.conv, None)
        else:
            admission.others[place] = other
    return admission


async def admit(
    batch: Batch, seen: Seen, head: int, changed: int, carry_out: CarryOut
) -> Admission:
    """Sort out any batch, while nobody else can append. Raises what `carry_out` fails with."""
    admission = Admission(batch, seen, head, changed)
    for place, entry in enumerate(batch.entries):
        other = admission.refusal(place)
        conv, change = entry.conv, entry.change
        if other is None and change is not None:
            try:
                conv, change = await carry_out(admission, entry)
            except TryAgain:
                raise
            except ChatError as refusal:
                other = refusal
        if other is None:
            admission.write(entry, conv, change)
        else:
            admission.others[place] = other
    return admission
