"""Notes as they may come: what each field can be. The same names as in `chat_domain.notes`.

They are made apart from those so that a message's key and size are computed here, whatever its
sender says they are, and nothing has a length that only its sender knows.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import Meta, Struct, ValidationError

from chat_domain import notes
from chat_domain.hints import MAX_NOTICE, Hint
from chat_domain.model import Message
from chat_domain.names import MAX_NAME
from chat_domain.notes import Fate, Note

LISTED = 2000  # entries in one list; at some 60 bytes each they fit into a packet

Raw = msgspec.Raw
# Of printable ASCII without the bar, as `answers` takes it.
Sender = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[ -{}~]+\Z")]
NO_ID = 2**31  # ids are below
Id = Annotated[int, Meta(ge=1, lt=NO_ID)]
GroupId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Number = Annotated[int, Meta(ge=0, le=2**53)]
Time = Annotated[int, Meta(ge=0, lt=253_402_300_800_000)]  # ms; the year 10000 has no calendar
Mid = Annotated[str, Meta(min_length=1, max_length=64)]
LastMid = Annotated[str, Meta(max_length=64)]
SessionId = Annotated[str, Meta(min_length=1, max_length=100)]
Name = Annotated[str, Meta(max_length=MAX_NAME)]
Text = Annotated[str, Meta(max_length=65_535)]  # what the store can hold at most


class Received(Struct):
    def note(self) -> Note:
        raise NotImplementedError


class ReceivedMessage(Struct):
    mid: Mid
    cid: Mid
    sender_id: Id
    sender_name: Name
    group_id: GroupId
    text: Text
    time_ms: Time

    def message(self) -> Message:
        return Message(
            self.mid,
            self.mid if self.cid == self.mid else self.cid,  # one object where it has no cid
            self.sender_id,
            self.sender_name,
            self.group_id,
            self.text,
            self.time_ms,
        )


class Handed(Received):
    message: ReceivedMessage
    to: Annotated[list[tuple[Id, SessionId, LastMid]], Meta(max_length=LISTED)]

    def note(self) -> Note:
        return notes.Handed(self.message.message(), self.to)


class Settled(Received):
    fates: Annotated[list[tuple[Id, Mid, Fate]], Meta(max_length=LISTED)]

    def note(self) -> Note:
        return notes.Settled(self.fates)


class Fetch(Received):
    user_ids: Annotated[list[Id], Meta(max_length=LISTED)]

    def note(self) -> Note:
        return notes.Fetch(self.user_ids)


class _OfSession(Received):
    user_id: Id
    session_id: SessionId


class Replaced(_OfSession):
    def note(self) -> Note:
        return notes.Replaced(self.user_id, self.session_id)


class Retired(_OfSession):
    def note(self) -> Note:
        return notes.Retired(self.user_id, self.session_id)


class LoggedOut(_OfSession):
    def note(self) -> Note:
        return notes.LoggedOut(self.user_id, self.session_id)


class RosterChanged(Received):
    group_id: Id
    question: Number

    def note(self) -> Note:
        return notes.RosterChanged(self.group_id, self.question)


class RosterForgotten(Received):
    question: Number

    def note(self) -> Note:
        return notes.RosterForgotten(self.question)


class PresenceChanged(Received):
    user_id: Id
    name: Name
    online: bool
    listed_by: Annotated[list[Id], Meta(max_length=LISTED)]

    def note(self) -> Note:
        return notes.PresenceChanged(self.user_id, self.name, self.online, self.listed_by)


class Told(Struct):
    """A Tell whose hint is known by its name alone."""

    hint: Raw
    user_ids: Annotated[list[Id], Meta(max_length=LISTED)] | None


def bounded(hint: Hint) -> Hint:
    """The same hint, whatever its kind, whose numbers are ids and whose texts are not long.
    Raises ValidationError."""
    for value in _values(attrs.asdict(hint)):
        if isinstance(value, str) and len(value) > MAX_NOTICE:
            raise ValidationError("a text of a hint is too long")
        if type(value) is int and not 0 < value < NO_ID:
            raise ValidationError("a number of a hint is no id")
    return hint


def _values(fields: dict[str, Any]) -> Iterator[Any]:
    for value in fields.values():
        if isinstance(value, dict):
            yield from _values(value)
        else:
            yield value
