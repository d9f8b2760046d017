"""The entries of the log: texts, and changes of who may see them.

An entry belongs to a conversation, identified by a number (see `pair`). The store assigns its
position, `at`, when it commits the entry. Positions are dense and in commit order: a reader that
sees a position can read everything below it.
"""

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from chat_domain.errors import ChatError

HIGH = 32  # bits by which the lower id of two people is shifted above the higher one
ID_BITS = (1 << HIGH) - 1  # the bits of the higher one; no group's id has more
_OVERHEAD = 200  # bytes of a frame around its text, roughly

EVERYWHERE = 0  # in place of a conversation: all conversations of a user

FOREVER = 2**63 - 1  # the end of a membership that has not ended; no position is as high

TEXT, CHANGE, DELETED = 0, 1, 2  # kinds of entries; DELETED: a text that was emptied
KINDS = (TEXT, CHANGE, DELETED)


def pair(one: int, other: int) -> int:
    """The conversation of two users, or of one with themselves: `low << 32 | high`."""
    return one << HIGH | other if one <= other else other << HIGH | one


def is_group(conv: int) -> bool:
    """Whether a conversation is a group's. Its number is the group's id."""
    return conv <= ID_BITS


def people(conv: int) -> tuple[int, int]:
    """The two users of a conversation that is not a group's, the lower id first."""
    return conv >> HIGH, conv & ID_BITS


def is_with_oneself(conv: int) -> bool:
    """Whether a conversation, which is not a group's, is one user's with themselves."""
    return conv >> HIGH == conv & ID_BITS


def other_of(conv: int, user_id: int) -> int:
    """The user with whom `user_id` has this conversation, which is not a group's."""
    low = conv >> HIGH
    return conv & ID_BITS if user_id == low else low


class ChangeKind(enum.StrEnum):
    """What a change entry changes. Values of a later version are kept as plain strings.

    CREATED: a group called `name`, with its description in `detail`. JOINED, LEFT: the sender did;
    the `user_id` of LEFT is the new creator, 0 if the creator stays. REMOVED: `user_id`, by the
    operator or somebody else who may. RENAMED: the group is now called `name`. ENDED: the group no
    longer exists. ERASED: the sender's account and all their texts are gone; `Entry.answers` is the
    position up to which the texts were emptied before (see `Log.erase`).
    In a user's conversation with themselves, DEVICE_ENDED ends the session named `detail`, and
    ALL_ENDED every session except the one named `detail`, if any.
    """

    CREATED = "created"
    JOINED = "joined"
    LEFT = "left"
    REMOVED = "removed"
    RENAMED = "renamed"
    ENDED = "ended"
    ERASED = "erased"
    DEVICE_ENDED = "device_ended"
    ALL_ENDED = "all_ended"


@attrs.frozen
class Change:
    """what: see `ChangeKind`, which also explains the other fields."""

    what: str
    user_id: int = 0
    name: str = ""
    detail: str = ""

    @property
    def size(self) -> int:
        """Its size in bytes, estimated from above."""
        return 4 * (len(self.name) + len(self.detail))


@attrs.define(eq=False, init=False)
class Entry:
    """An entry in the log, or on its way there. Treated as immutable once it has a position. One is
    created for every message, so for speed it is not `frozen` and has its own `__init__`.

    at: its position; 0 before the commit. conv: 0 before the commit if it creates a group. kind:
    TEXT, CHANGE or DELETED. sender_name: the sender's current name, which the store does not keep.
    cid: the sender's id for it, unique per sender. time_ms: when it was given to the store, UTC
    milliseconds since the epoch. text: "" for a change. answers: the position of the entry that it
    answers, 0 for none. size: its size in transit in bytes, estimated from above.
    """

    at: int
    conv: int
    kind: int
    sender_id: int
    sender_name: str
    cid: str
    time_ms: int
    text: str
    change: Change | None
    answers: int
    size: int

    def __init__(  # noqa: PLR0917  # its fields
        self,
        conv: int,
        kind: int,
        sender_id: int,
        sender_name: str,
        cid: str,
        text: str = "",
        change: Change | None = None,
        answers: int = 0,
        at: int = 0,
        time_ms: int = 0,
    ) -> None:
        self.at = at
        self.conv = conv
        self.kind = kind
        self.sender_id = sender_id
        self.sender_name = sender_name
        self.cid = cid
        self.time_ms = time_ms
        self.text = text
        self.change = change
        self.answers = answers
        size = _OVERHEAD + (len(text) if text.isascii() else 4 * len(text))
        self.size = size if change is None else size + change.size

    @property
    def ref(self) -> "EntryRef":
        return EntryRef(self.at, self.cid, self.sender_id, self.time_ms)


@attrs.frozen
class Visibility:
    """What a user who has joined a conversation, and perhaps left it, may see of it.

    since: they see entries above this position. upto: and none above this one; FOREVER if they
    have not left. read: how far they have read them.
    """

    since: int = 0
    upto: int = FOREVER
    read: int = 0

    def shows(self, at: int) -> bool:
        """Whether they may see the entry at this position."""
        return self.since < at <= self.upto


NOBODY, EVERYBODY = 0, -1  # in place of a user's id


def membership_change(entry: Entry) -> tuple[int, bool]:
    """Whose membership of its group an entry changes, and whether they are a member afterwards: the
    id of a user, EVERYBODY if the group ends, NOBODY if memberships stay as they are. A user who
    joins sees the entry and what follows, one who leaves sees nothing above it."""
    change = entry.change
    if change is not None:
        match change.what:
            case ChangeKind.CREATED | ChangeKind.JOINED:
                return entry.sender_id, True
            case ChangeKind.LEFT:
                return entry.sender_id, False
            case ChangeKind.REMOVED:
                return change.user_id, False
            case ChangeKind.ENDED:
                return EVERYBODY, False
    return NOBODY, False


@attrs.frozen
class Duplicate:
    """The entry that the log already has under the same sender and cid: its position, time and
    conversation."""

    at: int
    time_ms: int
    conv: int


@attrs.define
class EntryRef:
    """A reference to an entry, such as the last one that a node has applied. at: 0 for none.

    A copy that has taken the position of an entry which the log has lost is another entry, since
    those below it may be unknown here. So `time_ms` is compared as well.

    Treated as immutable; not `frozen`, since creating one would take twice as long.
    """

    at: int = 0
    cid: str = ""
    sender_id: int = 0
    time_ms: int = 0


NO_ENTRY = EntryRef()  # refers to no entry


@attrs.define
class Batch:
    """Entries to be committed together, in this order. Treated as immutable, like an `EntryRef`.

    epoch: the log's, as the appending node knows it. applied: the position up to which that node
    has applied all changes; by these it authorized the entries. last: the last entry that it knows.
    refused: by index in the batch, the errors of entries that their senders may not write. judge:
    returns `refused` as it is after these changes, ascending, which the node has not applied; only
    the event loop may call it. None if there is nobody to ask.
    """

    entries: tuple[Entry, ...]
    epoch: str
    applied: int
    last: EntryRef
    refused: Mapping[int, ChatError] = attrs.field(factory=dict)
    judge: Callable[[Sequence[Entry]], Mapping[int, ChatError]] | None = attrs.field(
        default=None, eq=False, repr=False
    )

    def is_in(self, entries: Iterable[Entry]) -> bool:
        """Whether the log has some of it, if these entries are the log's."""
        own = {(entry.sender_id, entry.cid) for entry in self.entries}
        return any((entry.sender_id, entry.cid) in own for entry in entries)


@attrs.frozen
class LogEnds:
    """The log as a whole. epoch: it changes whenever positions could have been assigned twice.
    head: the last position assigned. oldest: nothing below it is kept (1 if nothing was ever
    deleted). changed: the position of the last change by which a batch may be out of date."""

    epoch: str
    head: int
    oldest: int
    changed: int


@attrs.frozen
class ErasureProgress:
    """How far the erasing of a user's texts has come, in ascending order of their conversations:
    those below `conv` are done, and `conv` up to the position `at`. done: all are."""

    conv: int = 0
    at: int = 0
    done: bool = False


@attrs.frozen
class LogSlice:
    """A part of the log. upto: the part has everything requested up to this position, which is the
    last entry's if more may follow, and otherwise the head at that time."""

    entries: tuple[Entry, ...]
    upto: int

    def has_holes_above(self, at: int) -> bool:
        """Whether it lacks entries above this position, since they were deleted."""
        return sum(entry.at > at for entry in self.entries) < self.upto - at


@attrs.frozen
class Opening:
    """What a session begins with, all of it as of the position `ends.head`.

    got: some device of the user has received everything up to here. groups: those that they are in.
    """

    ends: LogEnds
    got: int
    groups: tuple[int, ...]
