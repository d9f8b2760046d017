"""The items that a conversation shows."""

import itertools

import attrs

from adapters.client import Message
from adapters.terminal.render import Line

Key = tuple[int, int]
"""The order of items: a position in the log, and a number after it (0: the entry itself)."""

UNSENT = 2**63  # above all positions: where texts stand that are not in the log yet

_numbers = itertools.count(1)


@attrs.frozen
class Text:
    """A message by anybody, in the log or on its way there.

    refused: why it will never be in the log. mentions: whether it names the user.
    """

    key: Key
    time_ms: int
    sender_id: int
    sender_name: str
    text: str
    own: bool
    deleted: bool = False
    mentions: bool = False
    refused: str = ""

    @property
    def at(self) -> int:
        """Its position, 0 if it is not in the log."""
        return 0 if self.key[1] else self.key[0]


@attrs.frozen
class ChangeItem:
    """A change of who may see what, as a sentence."""

    key: Key
    time_ms: int
    sentence: str


@attrs.frozen
class Note:
    """A line by the client itself, which is in no log."""

    key: Key
    time_ms: int
    line: Line


Item = Text | ChangeItem | Note


def text_of(message: Message, *, mentions: bool) -> Text:
    return Text(
        (message.at, 0),
        message.time_ms,
        message.sender_id,
        message.sender_name,
        message.text,
        message.own,
        message.deleted,
        mentions,
    )


def note_behind(at: int, time_ms: int, line: Line) -> Note:
    """A note. at: the position after which it was said."""
    return Note(behind(at), time_ms, line)


def behind(at: int) -> Key:
    """The key of a new item that is in no log, after this position."""
    return at, next(_numbers)


def unsent(time_ms: int, sender_id: int, sender_name: str, text: str) -> Text:
    return Text(behind(UNSENT), time_ms, sender_id, sender_name, text, own=True)
