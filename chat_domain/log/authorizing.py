"""Whether what waits to be written may be written, by what this node has applied of the log.

Texts are authorized here, changes of groups in the commit (see `Log.append`). A draft is something
to be written: the entry; its writer; the client's own tag of the request; whether the client chose
its cid; the error to refuse it with, unless the log has it already. It is a plain tuple, since one
is created for every message.
"""

from collections.abc import Collection, Sequence
from typing import Final

import attrs

from chat_domain.entries import (
    EVERYBODY,
    ID_BITS,
    ChangeKind,
    Duplicate,
    Entry,
    is_group,
    membership_change,
)
from chat_domain.errors import ChatError, NotLoggedIn, NotMember, TryAgain
from chat_domain.log.session import Session
from chat_domain.ports.runtime import Latch


@attrs.define(eq=False)
class PendingChange:
    """A caller that waits for the outcome of a change. It is told by the same methods as a
    `Session`. result: TryAgain as long as there is none."""

    latch: Latch
    result: Entry | Duplicate | ChatError = attrs.field(factory=TryAgain)
    claim: Final = None
    revoked: Final = False
    name: Final = ""

    def accepted(self, _tag: int | None, entry: Entry | Duplicate) -> None:
        self.result = entry
        self.latch.open()

    def refused(self, error: ChatError, _tag: int | None) -> None:
        self.result = error
        self.latch.open()


Writer = Session | PendingChange
Draft = tuple[Entry, Writer, int | None, bool, ChatError | None]


@attrs.define
class Missed:
    """What those changes do that the log has and this node has not applied yet.

    members: by user (or EVERYBODY) and group, whether they are in it now. kept: by users whose
    sessions have ended, the name of the one that has not. erased: users.
    """

    members: dict[tuple[int, int], bool] = attrs.field(factory=dict)
    kept: dict[int, str] = attrs.field(factory=dict)
    erased: set[int] = attrs.field(factory=set)

    def add(self, entry: Entry) -> None:
        change, conv = entry.change, entry.conv
        if change is None:
            return
        if is_group(conv):
            user_id, is_member = membership_change(entry)
            self.members[user_id, conv] = is_member
        elif change.what == ChangeKind.ALL_ENDED:
            self.kept[entry.sender_id] = change.detail
        elif change.what == ChangeKind.ERASED:
            self.erased.add(entry.sender_id)

    def is_member(self, user_id: int, group_id: int, before: bool) -> bool:
        """Whether a user is in a group now. before: whether they were before these changes."""
        if (EVERYBODY, group_id) in self.members:
            return False
        return self.members.get((user_id, group_id), before)


_NOTHING = Missed()  # most often; never changed


def refusals(
    batch: Sequence[Draft], erased: Collection[int], changes: Sequence[Entry] = ()
) -> dict[int, ChatError]:
    """By index, the errors of those drafts that their writers may not write.

    erased: users whose texts are erased, as far as this node has applied the log. changes: those
    that it has not applied yet, ascending, and that come before the batch.
    """
    missed = _NOTHING
    kept: dict[int, str] = {}
    if changes:
        missed = Missed()
        for change in changes:
            missed.add(change)
        kept, erased = missed.kept, missed.erased.union(erased)
    refused: dict[int, ChatError] = {}
    for index, (entry, writer, _, _, refusal) in enumerate(batch):
        if entry.change is not None:
            if entry.change.what == ChangeKind.ALL_ENDED:
                kept[entry.sender_id] = entry.change.detail
        elif entry.sender_id in erased or (
            kept and kept.get(entry.sender_id, writer.name) != writer.name
        ):
            refusal = NotLoggedIn()  # noqa: PLW2901  # their session may have ended
        elif refusal is None and (entry.conv <= ID_BITS or writer.revoked):  # of a group
            refusal = _text_refusal(entry, writer, missed)  # noqa: PLW2901  # as it is now
        if refusal is not None:
            refused[index] = refusal
    return refused


def _text_refusal(text: Entry, writer: Writer, missed: Missed) -> ChatError | None:
    """Why a text to a group, or of a revoked session, may not be written."""
    assert isinstance(writer, Session)
    if writer.revoked:
        return NotLoggedIn()
    group_id = text.conv
    is_member = group_id in writer.groups
    if missed.members:  # rarely
        is_member = missed.is_member(text.sender_id, group_id, is_member)
    return None if is_member else NotMember(group_id)
