"""Answers that are pages of what was said: as much of it as fits into one frame."""

from collections.abc import Iterable

from msgspec import Struct

from adapters.wire.answers import ConversationRow, ConversationsAck, HistoryAck, ReadMark
from adapters.wire.frames import encode, where
from adapters.wire.framing import MAX_SERVER_FRAME
from adapters.wire.terminal_safe import terminal_safe
from adapters.wire.version2 import entry_frame
from chat_domain.messages.history import Part
from chat_domain.model import Conversation, Page

SHORTENED = 100  # characters of a conversation's last text
ROOM = MAX_SERVER_FRAME - 8 * 1024  # bytes; the rest is for what is around, marks among it


def conversations_ack(user_id: int, page: Page[Conversation]) -> ConversationsAck:
    rows = [_row(user_id, one) for one in page.items]
    count = _fitting(rows)
    following = page.next if count == len(rows) else rows[count - 1].last.at
    return ConversationsAck(conversations=rows[:count], next=following)


def history_ack(user_id: int, part: Part) -> HistoryAck:
    """What does not fit is farther from where the part begins."""
    entries = [entry_frame(entry) for entry in part.entries]
    count = _fitting(reversed(entries) if part.backwards else entries)
    return HistoryAck(
        **where(part.conv, user_id),
        entries=entries[len(entries) - count :] if part.backwards else entries[:count],
        more=part.more or count < len(entries),
        read=part.read,
        marks=None if part.reads is None else [ReadMark(*mark) for mark in part.reads.items()],
    )


def _row(user_id: int, one: Conversation) -> ConversationRow:
    return ConversationRow(
        **where(one.conv, user_id),
        name=one.name,
        last=entry_frame(one.last, SHORTENED),
        read=one.read,
        unread=one.unread,
        peer_read=one.peer_read,
        peer_got=one.peer_got,
        muted=one.quiet,
        left=one.left,
    )


def _fitting(items: Iterable[Struct]) -> int:
    """How many of these, from the first on, fit into a frame, also where they are read on a
    terminal, for which they are longer."""
    room, count = ROOM, 0
    for item in items:
        room -= len(terminal_safe(encode(item))) + 1
        if room < 0:
            break
        count += 1
    return count
