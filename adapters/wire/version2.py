"""Entries of the log, and other frames for many recipients, as version 2 clients get them."""

from collections.abc import Callable
from typing import Generic, TypeVar

from adapters.wire.frames import (
    ChangedFrame,
    EntryFrame,
    GroupChatFrame,
    OneChatFrame,
    PresenceFrame,
    conversation_field,
    encode,
)
from adapters.wire.version1 import chat_for_terminal, short_chats
from chat_domain.entries import DELETED, HIGH, ID_BITS, Change, Entry
from chat_domain.model import Friend

T = TypeVar("T")
R = TypeVar("R")


class _OnceForAll(Generic[T, R]):
    """Converts one thing for many recipients in turn, and keeps only the last result."""

    __slots__ = ("_last", "_made", "_make")

    def __init__(self, make: Callable[[T], R]) -> None:
        self._make = make
        self._last: T | None = None
        self._made: R

    def of(self, this: T) -> R:
        if this is not self._last:
            self._made = self._make(this)
            self._last = this
        return self._made


class MessageEncoder:
    """Encodes frames, without terminators, once for all recipients.

    short_chats, chat_for_terminal: those of a text entry, for the C++ client and for terminals.
    presence: a PRESENCE frame.
    """

    def __init__(self) -> None:
        self._last: Entry | None = None
        self._frame = b""  # that of `_last`
        self.short_chats = _OnceForAll(short_chats).of
        self.chat_for_terminal = _OnceForAll(chat_for_terminal).of
        self.presence: Callable[[Friend], bytes] = _OnceForAll(_presence).of

    def encode(self, entry: Entry) -> bytes:
        """An entry's frame, with its position. A DELETED entry is a chat without text."""
        if entry is not self._last:
            self._frame = encode(entry_frame(entry))
            self._last = entry
        return self._frame


def entry_frame(entry: Entry, max_characters: int | None = None) -> EntryFrame:
    """The frame in which an entry is sent. max_characters: characters of its text, None for all."""
    if entry.change is not None:
        return _changed(entry, entry.change)
    conv, sender_id = entry.conv, entry.sender_id
    kind: type[OneChatFrame | GroupChatFrame]
    if conv <= ID_BITS:
        kind, to = GroupChatFrame, conv
    else:
        kind, to = OneChatFrame, conv & ID_BITS  # `other_of`, without a call for each message
        if to == sender_id:
            to = conv >> HIGH
    return kind(
        entry.at,
        entry.cid,
        sender_id,
        entry.sender_name,
        to,
        entry.text if max_characters is None else entry.text[:max_characters],
        entry.time_ms,
        entry.answers,
        entry.kind == DELETED,
    )


def _changed(entry: Entry, change: Change) -> ChangedFrame:
    return ChangedFrame(
        **conversation_field(entry.conv, entry.sender_id),
        at=entry.at,
        cid=entry.cid,
        id=entry.sender_id,
        name=entry.sender_name,
        time=entry.time_ms,
        what=change.what,
        whom=change.user_id,
        newname=change.name,
        detail=change.detail,
    )


def _presence(who: Friend) -> bytes:
    return encode(PresenceFrame.of(who))
