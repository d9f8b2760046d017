"""The schemas of notes between nodes, and the values that each field may have.

An instance is encoded as an array. `from_note` makes one from a note. `to_note` makes a note from
one, after validation, since a client that can write to Redis can send anything; it raises
ValidationError. What follows from the rest of a note (an entry's position, its size) is no field.
"""

from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar, cast

from msgspec import Meta, Struct, ValidationError

from adapters.ids import NO_ID
from chat_domain import entries, notes
from chat_domain.entries import CHANGE, TEXT, Entry
from chat_domain.model import Muting, Preferences
from chat_domain.names import MAX_NAME

# Marks or entries in one note. Marks, with some 20 bytes each, fit in a packet; a batch has at most
# half as many entries.
LISTED = 2000

LAST = 2**63 - 1  # the highest position
# Printable ASCII except the bar, as in `answers`.
Sender = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[ -{}~]+\Z")]
Id = Annotated[int, Meta(ge=1, lt=NO_ID)]
IdOrNone = Annotated[int, Meta(ge=0, lt=NO_ID)]  # 0 for no user
Position = Annotated[int, Meta(ge=1, le=LAST)]
PositionOrNone = Annotated[int, Meta(ge=0, le=LAST)]  # 0 for nothing
Time = Annotated[int, Meta(ge=0, lt=253_402_300_800_000)]  # ms; the year 10000 has no calendar
Readers = Annotated[int, Meta(ge=1, le=1_000_000)]  # more than any node has connections
Epoch = Annotated[str, Meta(min_length=1, max_length=64)]
Cid = Annotated[str, Meta(min_length=1, max_length=64)]
SessionId = Annotated[str, Meta(min_length=1, max_length=100)]
Name = Annotated[str, Meta(max_length=MAX_NAME)]
Word = Annotated[str, Meta(min_length=1, max_length=50)]
Text = Annotated[str, Meta(max_length=65_535)]  # what the store can hold at most

N = TypeVar("N", bound=notes.Note)


class NoteSchema(Struct, Generic[N], array_like=True):
    """Its fields are those of its note, in their order, unless it has methods of its own."""

    NOTE: ClassVar[type[notes.Note]]
    NUMBER: ClassVar[int]  # of its kind, in packets

    @classmethod
    def from_note(cls, note: N) -> Self:
        return cls(*[getattr(note, field) for field in cls.__struct_fields__])

    def to_note(self) -> N:
        note: Any = self.NOTE(*[getattr(self, field) for field in self.__struct_fields__])
        return cast("N", note)


class Change(Struct, array_like=True):
    what: Word
    user_id: IdOrNone
    name: Name
    detail: Text

    @classmethod
    def from_change(cls, change: entries.Change) -> Self:
        return cls(change.what, change.user_id, change.name, change.detail)

    def to_change(self) -> entries.Change:
        return entries.Change(self.what, self.user_id, self.name, self.detail)


class AppendedEntry(Struct, array_like=True):
    """A text, or a change if `change` is set; nothing else is ever appended."""

    conv: Position
    sender_id: IdOrNone
    sender_name: Name
    cid: Cid
    time_ms: Time
    text: Text
    answers: PositionOrNone = 0
    change: Change | None = None

    @classmethod
    def from_entry(cls, entry: Entry) -> Self:
        return cls(
            entry.conv,
            entry.sender_id,
            entry.sender_name,
            entry.cid,
            entry.time_ms,
            entry.text,
            entry.answers,
            Change.from_change(entry.change) if entry.change else None,
        )

    def to_entry(self, at: int) -> Entry:
        self._validate()
        return Entry(
            self.conv,
            CHANGE if self.change else TEXT,
            self.sender_id,
            self.sender_name,
            self.cid,
            self.text,
            self.change.to_change() if self.change else None,
            self.answers,
            at,
            self.time_ms,
        )

    def _validate(self) -> None:
        """What it answers may be anything: clients choose that, and positions of another epoch can
        be higher than its own."""
        conv, sender = self.conv, self.sender_id
        # the operator, who is no user, changes groups as well
        somebody = sender or (self.change is not None and entries.is_group(conv))
        if not somebody or not _is_conv_of(conv, sender):
            raise ValidationError("an entry's conversation is not its sender's")


class Appended(NoteSchema[notes.Appended]):
    NOTE = notes.Appended
    NUMBER = 1

    epoch: Epoch
    first: Position
    upto: Position
    entries: Annotated[list[AppendedEntry], Meta(max_length=LISTED)]

    @classmethod
    def from_note(cls, note: notes.Appended) -> Self:
        return cls(
            note.epoch,
            note.first,
            note.upto,
            [AppendedEntry.from_entry(one) for one in note.entries],
        )

    def to_note(self) -> notes.Appended:
        first, upto, some = self.first, self.upto, self.entries
        if upto != first + len(some) - 1 if some else upto < first:
            raise ValidationError("its positions are not those of its entries")
        found = tuple([one.to_entry(at) for at, one in enumerate(some, first)])
        return notes.Appended(self.epoch, first, upto, found)


class Delivered(NoteSchema[notes.Delivered]):
    NOTE = notes.Delivered
    NUMBER = 2

    epoch: Epoch
    user_id: Id
    got: Annotated[dict[Id, Position], Meta(max_length=LISTED)]


def _is_conv_of(conv: int, user_id: int) -> bool:
    """Whether this is a conversation that the user may be in."""
    if entries.is_group(conv):
        return conv < NO_ID
    low, high = entries.people(conv)
    return 0 < low <= high < NO_ID and user_id in (low, high)


class HasRead(NoteSchema[notes.HasRead]):
    NOTE = notes.HasRead
    NUMBER = 6

    epoch: Epoch
    user_id: Id
    marks: Annotated[dict[Position, Position], Meta(max_length=notes.MOST_READ)]
    private: bool

    def to_note(self) -> notes.HasRead:
        if not all(_is_conv_of(conv, self.user_id) for conv in self.marks):
            raise ValidationError("a conversation is not its reader's")
        return notes.HasRead(self.epoch, self.user_id, self.marks, self.private)


class IsTyping(NoteSchema[notes.IsTyping]):
    NOTE = notes.IsTyping
    NUMBER = 7

    user_id: Id
    name: Name
    conv: Position

    def to_note(self) -> notes.IsTyping:
        if not _is_conv_of(self.conv, self.user_id):
            raise ValidationError("a conversation is not its writer's")
        return notes.IsTyping(self.user_id, self.name, self.conv)


class SettingsChanged(NoteSchema[notes.SettingsChanged]):
    """conv: the conversation that `muted` is about, 0 for none."""

    NOTE = notes.SettingsChanged
    NUMBER = 8

    user_id: Id
    hide_read: bool
    hide_typing: bool
    conv: PositionOrNone
    muted: bool

    @classmethod
    def from_note(cls, note: notes.SettingsChanged) -> Self:
        chosen, muting = note.preferences, note.muting
        conv, muted = (0, False) if muting is None else (muting.conv, muting.muted)
        return cls(note.user_id, chosen.hide_read, chosen.hide_typing, conv, muted)

    def to_note(self) -> notes.SettingsChanged:
        if self.conv and not _is_conv_of(self.conv, self.user_id):
            raise ValidationError("a conversation is not its user's")
        muting = Muting(self.conv, self.muted) if self.conv else None
        chosen = Preferences(self.hide_read, self.hide_typing)
        return notes.SettingsChanged(self.user_id, chosen, muting)


class Replaced(NoteSchema[notes.Replaced]):
    NOTE = notes.Replaced
    NUMBER = 3

    user_id: Id
    session: SessionId


class PresenceChanged(NoteSchema[notes.PresenceChanged]):
    NOTE = notes.PresenceChanged
    NUMBER = 4

    user_id: Id
    name: Name
    online: bool
    listed_by: Annotated[list[Id], Meta(max_length=notes.MOST_LISTED)]


class CrowdsThere(NoteSchema[notes.CrowdsThere]):
    NOTE = notes.CrowdsThere
    NUMBER = 9

    readers: Annotated[dict[Id, Readers], Meta(max_length=notes.MOST_CROWDS)]


class Notice(NoteSchema[notes.Notice]):
    NOTE = notes.Notice
    NUMBER = 5

    text: Annotated[str, Meta(max_length=notes.MAX_NOTICE)]
