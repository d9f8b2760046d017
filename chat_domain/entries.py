"""What is in the log: texts, and changes of who may see them.

An entry belongs to a conversation, which is a number (see `pair`). Its position, `at`, is given by
the store when it is committed, dense and in the order of commits: whoever sees one can read all
below it.
"""

import enum
from collections.abc import Mapping

import attrs

from chat_domain.errors import ChatError

HIGH = 32  # bits by which the lower id of two people stands above the higher one
ID_BITS = (1 << HIGH) - 1  # of the higher one; no group's id has more
_OVERHEAD = 200  # bytes of a frame around its text, roughly

EVERYWHERE = 0  # in the place of a conversation: all that a user is in

FOR_EVER = 2**63 - 1  # where a membership ends that has not: no position is as high

TEXT, CHANGE, DELETED = 0, 1, 2  # kinds of entries; a deleted one was a text, and has none any more
KINDS = (TEXT, CHANGE, DELETED)


def pair(one: int, other: int) -> int:
    """The conversation of two users, or of one with themselves: `low << 32 | high`."""
    return one << HIGH | other if one <= other else other << HIGH | one


def is_group(conv: int) -> bool:
    """Whether a conversation is a group's. Its number is the group's id."""
    return conv <= ID_BITS


def people(conv: int) -> tuple[int, int]:
    """The two users of a conversation that is no group's, the lower id first."""
    return conv >> HIGH, conv & ID_BITS


def is_of_one(conv: int) -> bool:
    """Whether a conversation, which is no group's, is of somebody with themselves."""
    return conv >> HIGH == conv & ID_BITS


def other_of(conv: int, user_id: int) -> int:
    """Whom a user has this conversation with; it is no group's."""
    low = conv >> HIGH
    return conv & ID_BITS if user_id == low else low


class What(enum.StrEnum):
    """What a change has changed. Those of a later version are kept as they are, as plain texts.

    CREATED: a group, `name` and `detail` are what it is called and about. JOINED, LEFT: whoever
    did it; `user_id` of the latter: who is creator now, 0 if that did not change. REMOVED:
    `user_id`, by an operator or whoever may. RENAMED: the group is called `name`. ENDED: the group
    is no more. ERASED: the sender's account is no more, and nothing they have written; its entry
    answers the position up to which their texts were emptied before (see `Log.erase`).
    Of the conversation with oneself: DEVICE_ENDED, the session called `detail`; ALL_ENDED, every
    session but the one called `detail`, if any.
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
    """what: see `What`, which says what the others mean."""

    what: str
    user_id: int = 0
    name: str = ""
    detail: str = ""

    @property
    def size(self) -> int:
        """Bytes that it takes, estimated from above."""
        return 4 * (len(self.name) + len(self.detail))


@attrs.define(eq=False, init=False)
class Entry:
    """Something in the log, or on its way there. Treated as immutable once it has its position;
    not `frozen`, with an `__init__` of its own, since one is made for every message.

    at: its position; 0 before it is committed. conv: of a group that is being created, 0 until
    then. kind: TEXT, CHANGE or DELETED. sender_name: what the sender is called now; the store
    keeps none. cid: the sender's id of it, unique per sender. time_ms: when it was given to the
    store, UTC milliseconds since the epoch. text: of what is no change. answers: the position of
    what it answers, 0 for nothing. size: bytes that it takes on its way, estimated from above.
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
    def place(self) -> "Place":
        return Place(self.at, self.cid, self.sender_id, self.time_ms)


@attrs.frozen
class Sight:
    """What a user may see of a conversation: who has joined it, and perhaps left.

    since: they see what is above this position. upto: and not above this one, FOR_EVER of who has
    not left.
    """

    since: int = 0
    upto: int = FOR_EVER

    def shows(self, at: int) -> bool:
        """Whether they may see the entry at this position. All that shows entries goes by this,
        or by what says the same in SQL."""
        return self.since < at <= self.upto


EVERYBODY = -1  # in the place of a user's id


def comer(entry: Entry) -> int | None:
    """Who sees a group from this entry of it on; None where nobody comes."""
    change = entry.change
    return entry.sender_id if change and change.what in {What.CREATED, What.JOINED} else None


def goer(entry: Entry) -> int | None:
    """Of a group, who sees nothing above this entry of it, perhaps EVERYBODY; None where nobody
    goes."""
    change = entry.change
    if change is None:
        return None
    if change.what == What.LEFT:
        return entry.sender_id
    if change.what == What.REMOVED:
        return change.user_id
    return EVERYBODY if change.what == What.ENDED else None


@attrs.frozen
class Known:
    """An entry that the log has already, under the same sender and cid: where, and since when."""

    at: int
    time_ms: int


@attrs.define
class Place:
    """An entry that somebody remembers: the last that a node has applied, say. at 0: none.

    It is known again by its `time_ms` as well: where the log has lost it and a copy of it came to
    its old position, another one is there, and below it may be what nobody here has seen.

    Treated as immutable; not `frozen`, since to make one would take twice as long.
    """

    at: int = 0
    cid: str = ""
    sender_id: int = 0
    time_ms: int = 0


NOWHERE = Place()  # of whoever remembers none


@attrs.define
class Batch:
    """Entries that are to be committed together, in their order. Immutable as a `Place` is.

    epoch: the log's, as whoever appends knows it. judged: the position up to which they have
    applied all changes by which they judged who may write. last: what they have applied last.
    refused: what those may not write who may not, by their places in the batch.
    """

    entries: tuple[Entry, ...]
    epoch: str
    judged: int
    last: Place
    refused: Mapping[int, ChatError] = attrs.field(factory=dict)


@attrs.frozen
class Ends:
    """The log as a whole. epoch: another whenever positions could have been given twice. head: the
    last position given. oldest: below it, nothing is kept (1 where nothing was ever deleted).
    changed: the position of the last change."""

    epoch: str
    head: int
    oldest: int
    changed: int


@attrs.frozen
class Erased:
    """How far a user's conversations were gone through, in the order of their numbers: those below
    `conv`, and of that one up to the position `at`. done: all of them."""

    conv: int = 0
    at: int = 0
    done: bool = False


@attrs.frozen
class Reading:
    """A part of the log. upto: everything that was asked for up to this position is in it, which
    is the last entry's where more may follow, and otherwise the head that was there."""

    entries: tuple[Entry, ...]
    upto: int


@attrs.frozen
class Opening:
    """What a session begins with: all of it as it was when `ends.head` was the last position.

    got: everything up to here is with some device of the user's. groups: those that they are in.
    """

    ends: Ends
    got: int
    groups: tuple[int, ...]
