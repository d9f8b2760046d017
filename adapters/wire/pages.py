"""Answers that are pages of text by users, cut so that each fits into one frame."""

from collections.abc import Iterable
from typing import TypeVar, cast

from msgspec import Raw, Struct

from adapters.wire.answers import (
    ConversationRow,
    ConversationsAck,
    GroupRow,
    GroupsAck,
    HistoryAck,
    ReadMark,
)
from adapters.wire.frames import conversation_field, encode
from adapters.wire.framing import MAX_SERVER_FRAME
from adapters.wire.terminal_safe import terminal_safe
from adapters.wire.version2 import entry_frame
from chat_domain.entries import is_group, other_of
from chat_domain.messages.history import Part
from chat_domain.model import Conversation, Membership, Page

S = TypeVar("S", bound=Struct)

SHORTENED = 100  # characters shown of a conversation's last text
ROOM = MAX_SERVER_FRAME - 8 * 1024  # bytes; the rest is for the other fields, such as marks
ROOM_ON_TERMINAL = 32 * 1024  # bytes; to search them for what controls a terminal takes up to 1 ms


def conversations_ack(
    user_id: int, page: Page[Conversation], *, on_terminal: bool
) -> ConversationsAck:
    rows = _fitting((_row(user_id, one) for one in page.items), on_terminal=on_terminal)
    count = len(rows)
    following = page.next if count == len(page.items) else page.items[count - 1].last.at
    return ConversationsAck(conversations=rows, next=following)


def groups_ack(page: Page[Membership], *, on_terminal: bool) -> GroupsAck:
    """Cut, since descriptions may be long. Pages of friends and of members always fit whole."""
    rows = _fitting(map(GroupRow.of, page.items), on_terminal=on_terminal)
    count = len(rows)
    following = page.next if count == len(page.items) else page.items[count - 1].group.id
    return GroupsAck(groups=rows, next=following)


def history_ack(user_id: int, part: Part, *, on_terminal: bool) -> HistoryAck:
    """The part, cut if it does not fit, at the end that is farther from where it begins."""
    nearest_first = reversed(part.entries) if part.backwards else part.entries
    entries = _fitting(map(entry_frame, nearest_first), on_terminal=on_terminal)
    return HistoryAck(
        **conversation_field(part.conv, user_id),
        entries=entries[::-1] if part.backwards else entries,
        more=part.more or len(entries) < len(part.entries),
        read=part.read,
        marks=None if part.reads is None else [ReadMark(*mark) for mark in part.reads.items()],
    )


def _row(user_id: int, one: Conversation) -> ConversationRow:
    conv = one.conv
    of_two = not is_group(conv)  # like `conversation_field`, without a dictionary for each row
    return ConversationRow(
        toid=other_of(conv, user_id) if of_two else 0,
        groupid=0 if of_two else conv,
        name=one.name,
        last=entry_frame(one.last, SHORTENED),
        read=one.read,
        unread=one.unread,
        peer_read=one.peer_read,
        peer_got=one.peer_got,
        muted=one.muted,
        left=one.left,
    )


def _fitting(items: Iterable[S], *, on_terminal: bool) -> list[S]:
    """The first of these items, as many as fit into a frame but at least one. They are returned
    encoded, so that each is encoded only once."""
    room, found = ROOM_ON_TERMINAL if on_terminal else ROOM, list[Raw]()
    for item in items:
        encoded = encode(item)
        if on_terminal and len(encoded) < room:
            encoded = terminal_safe(encoded)
        room -= len(encoded) + 1
        if room < 0 and found:
            break
        found.append(Raw(encoded))
    return cast("list[S]", found)
