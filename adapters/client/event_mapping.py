"""Turning the server's frames into what the application gets."""

from adapters.client.conversation import Conversation, Page
from adapters.client.errors import Refused
from adapters.client.events import Changed, Got, Message, NotSent, Read, SettingsChanged, Typing
from adapters.client.where import InGroup, With, where_of
from adapters.wire.answers import ConversationRow, HistoryAck, SettingsAck
from adapters.wire.frames import (
    ChangedFrame,
    EntryFrame,
    GroupChatFrame,
    Mark,
    OneChatFrame,
    TypingFrame,
)
from adapters.wire.requests import GroupChat, OneChat
from chat_domain.model import Preferences

MessageFrame = OneChatFrame | GroupChatFrame


def _message(frame: MessageFrame, *, own: bool) -> Message:
    return Message(
        frame.at,
        frame.cid,
        frame.id,
        frame.name,
        frame.msg,
        frame.time,
        frame.toid if isinstance(frame, OneChatFrame) else 0,
        frame.groupid if isinstance(frame, GroupChatFrame) else 0,
        frame.re,
        own,
        frame.deleted,
    )


def _change(frame: ChangedFrame, *, own: bool) -> Changed:
    return Changed(
        frame.at,
        frame.cid,
        frame.id,
        frame.name,
        frame.time,
        frame.what,
        frame.groupid,
        frame.whom,
        frame.newname,
        frame.detail,
        own,
        frame.toid,
    )


def event_of_entry(frame: EntryFrame, user_id: int) -> Message | Changed:
    """user_id: the client's user."""
    own = frame.id == user_id
    if isinstance(frame, ChangedFrame):
        return _change(frame, own=own)
    return _message(frame, own=own)


def page_of(ack: HistoryAck, user_id: int) -> Page:
    return Page(
        tuple(event_of_entry(entry, user_id) for entry in ack.entries),
        ack.more,
        ack.read,
        {mark.id: mark.read for mark in ack.marks or ()},
    )


def conversation_of(row: ConversationRow, user_id: int) -> Conversation:
    return Conversation(
        where_of(row.toid, row.groupid),
        row.name,
        event_of_entry(row.last, user_id),
        row.read,
        row.unread,
        row.peer_read,
        row.peer_got,
        row.muted,
        row.left,
    )


def event_of_mark(mark: Mark, user_id: int) -> Got | Read:
    if mark.got:
        return Got(mark.id, mark.got)
    return Read(mark.id, where_of(mark.toid, mark.groupid), mark.read, own=mark.id == user_id)


def event_of_typing(frame: TypingFrame) -> Typing:
    return Typing(frame.id, frame.name, where_of(frame.toid, frame.groupid))


def event_of_settings(ack: SettingsAck) -> SettingsChanged:
    where = where_of(ack.toid, ack.groupid) if ack.toid or ack.groupid else None
    return SettingsChanged(Preferences(ack.hide_read, ack.hide_typing), where, bool(ack.muted))


def event_of_refusal(cid: str, chat: OneChat | GroupChat, refusal: Refused) -> NotSent:
    to = InGroup(chat.groupid) if isinstance(chat, GroupChat) else With(chat.toid)
    return NotSent(to, chat.msg, cid, refusal)
