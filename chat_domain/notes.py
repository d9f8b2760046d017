"""What nodes tell each other. Notes may be lost: whatever depends on one can do without it."""

from collections.abc import Mapping

import attrs

from chat_domain.entries import Entry
from chat_domain.model import Muting, Preferences

MOST_READ = 500  # conversations in one note
MOST_LISTED = 100  # users in one note who list somebody
MOST_CROWDS = 2_000  # groups in one note
MAX_NOTICE = 500  # characters


@attrs.define
class Appended:
    """These entries were committed, at the positions from `first` to `upto` without a gap. entries:
    empty if the batch is large. epoch: that of the positions. Treated as immutable, like an
    `entries.EntryRef`."""

    epoch: str
    first: int
    upto: int
    entries: tuple[Entry, ...]


@attrs.frozen
class Delivered:
    """How far a user's devices have received what others wrote to them. got: by the writer's id,
    the position of the last text of theirs that a device has received. epoch: see `Appended`."""

    epoch: str
    user_id: int
    got: Mapping[int, int]


@attrs.frozen
class HasRead:
    """How far a user has read: positions by conversation. private: for their own devices only.
    epoch: see `Appended`."""

    epoch: str
    user_id: int
    marks: Mapping[int, int]
    private: bool


@attrs.frozen
class IsTyping:
    """A user is typing in a conversation."""

    user_id: int
    name: str
    conv: int


@attrs.frozen
class SettingsChanged:
    """A user's settings are these now. muting: of a conversation, if that has changed."""

    user_id: int
    preferences: Preferences
    muting: Muting | None


@attrs.frozen
class Replaced:
    """A session of the receiving node has lost its user's slot to a new one: it is to be ended."""

    user_id: int
    session: str


@attrs.frozen
class PresenceChanged:
    """A user has come or gone: users in `listed_by` who are on the receiving node are to be
    told."""

    user_id: int
    name: str
    online: bool
    listed_by: list[int]


@attrs.frozen
class Notice:
    """The operator says this to all users: the receiving node tells all of its own."""

    text: str


@attrs.frozen
class CrowdsThere:
    """How many connections of the sending node get what is said in these groups."""

    readers: Mapping[int, int]


Note = (
    Appended
    | Delivered
    | HasRead
    | IsTyping
    | SettingsChanged
    | Replaced
    | PresenceChanged
    | Notice
    | CrowdsThere
)
