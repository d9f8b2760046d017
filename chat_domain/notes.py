"""What nodes tell each other. Notes may be lost; whatever depends on one has a way without it."""

from collections.abc import Mapping

import attrs

from chat_domain.entries import Entry
from chat_domain.model import Muting, Preferences

MOST_READ = 500  # conversations in one note
MOST_LISTED = 100  # people in one note who have somebody on their list
MAX_NOTICE = 500  # characters


@attrs.define
class Appended:
    """These entries were committed, the first of them at this position and the others behind it
    without a gap. upto: the position of the last. Of a large batch no entries are sent. Immutable
    as an `entries.Place` is."""

    epoch: str
    first: int
    upto: int
    entries: tuple[Entry, ...]


@attrs.frozen
class Marked:
    """How far somebody's devices have got, for those who wrote to them: by the writer's id, the
    position of the last text of theirs that is with a device. epoch: see `Appended`."""

    epoch: str
    user_id: int
    got: Mapping[int, int]


@attrs.frozen
class HasRead:
    """How far somebody has read: positions by conversation. private: for their own devices alone.
    epoch: see `Appended`."""

    epoch: str
    user_id: int
    marks: Mapping[int, int]
    private: bool


@attrs.frozen
class IsTyping:
    """Somebody is writing something in a conversation."""

    user_id: int
    name: str
    conv: int


@attrs.frozen
class SettingsChanged:
    """This is what a user has chosen. muting: of a conversation, where that has changed."""

    user_id: int
    preferences: Preferences
    muting: Muting | None


@attrs.frozen
class Replaced:
    """This session of yours has lost its user's slot to a new one: end it."""

    user_id: int
    session_id: str


@attrs.frozen
class PresenceChanged:
    """Somebody came or went: tell those of your users who have them on their list."""

    user_id: int
    name: str
    online: bool
    listed_by: list[int]


@attrs.frozen
class Notice:
    """The operator says this to everybody: tell all of yours."""

    text: str


Note = (
    Appended | Marked | HasRead | IsTyping | SettingsChanged | Replaced | PresenceChanged | Notice
)
