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


class OnceForAll(Generic[T, R]):
    """Converts one thing for many recipients in turn, and keeps only the last result.

    last, made: what was converted last, and into what. Callers with many recipients look here
    first, which saves a call for each.
    """

    __slots__ = ("_make", "last", "made")

    def __init__(self, make: Callable[[T], R]) -> None:
        self._make = make
        self.last: T | None = None
        self.made: R

    def of(self, this: T) -> R:
        if this is not self.last:
            self.made = self._make(this)
            self.last = this
        return self.made


class MessageEncoder:
    """Encodes frames, without terminators, once for all recipients.

    last, frame: the entry that `encode` had last, and its frame, as in OnceForAll. short_chats,
    chat_for_terminal: those of a text entry, for the C++ client and for terminals. presence: a
    PRESENCE frame.
    """

    __slots__ = ("chat_for_terminal", "frame", "last", "presence", "short_chats")

    def __init__(self) -> None:
        self.last: Entry | None = None
        self.frame = b""
        self.short_chats = OnceForAll(short_chats)
        self.chat_for_terminal = OnceForAll(chat_for_terminal)
        self.presence = OnceForAll(_presence)

    def encode(self, entry: Entry) -> bytes:
        """An entry's frame, with its position. A DELETED entry is a chat without text."""
        if entry is not self.last:
            self.frame = encode(entry_frame(entry))
            self.last = entry
        return self.frame


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
