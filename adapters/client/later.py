"""Frames of history, marks, typing and settings, until `adapters.wire` declares them."""

import attrs
from msgspec import Struct

from adapters.wire.answers import Ack, Answer
from adapters.wire.frames import EntryFrame, ServerFrame
from adapters.wire.requests import Cid, Id, PageSize, Position, Request, Words, Written


@attrs.frozen
class Preferences:
    hide_read: bool = False
    hide_typing: bool = False


class ReadMark(Struct, gc=False):
    id: int
    read: int


class ConversationRow(Struct, kw_only=True):
    toid: int = 0
    groupid: int = 0
    name: str = ""
    last: EntryFrame
    read: int = 0
    unread: int = 0
    peer_read: int | None = None
    peer_got: int | None = None
    muted: bool = False
    left: bool = False


class ConversationsAck(Answer, tag=1040, kw_only=True):
    conversations: list[ConversationRow]
    next: int | None = None


class HistoryAck(Answer, tag=1042, kw_only=True):
    toid: int = 0
    groupid: int = 0
    entries: list[EntryFrame]
    more: bool = False
    read: int | None = None
    marks: list[ReadMark] | None = None


class SettingsAck(Answer, tag=1046, kw_only=True):
    hide_read: bool = False
    hide_typing: bool = False
    toid: int = 0
    groupid: int = 0
    muted: bool | None = None


class TypingFrame(ServerFrame, tag=1044):
    id: int
    name: str
    toid: int = 0
    groupid: int = 0


class ListConversations(Request[ConversationsAck], tag=1039, kw_only=True):
    before: Position | None = None
    limit: PageSize = 100


class History(Request[HistoryAck], tag=1041, kw_only=True):
    toid: Id | None = None
    groupid: Id | None = None
    before: Position | None = None
    after: Position | None = None
    limit: PageSize = 50


class Read(Request[Ack], tag=1043, kw_only=True):
    toid: Id | None = None
    groupid: Id | None = None
    at: Position


class Typing(Request[None], tag=1044, kw_only=True):
    toid: Id | None = None
    groupid: Id | None = None


class Settings(Request[SettingsAck], tag=1045, kw_only=True):
    hide_read: bool | None = None
    hide_typing: bool | None = None
    toid: Id | None = None
    groupid: Id | None = None
    muted: bool | None = None


class JoinGroup(Written, Request[Ack], tag=1008, kw_only=True):
    groupid: Id | None = None
    groupname: Words | None = None
    cid: Cid | None = None


FRAMES = (ConversationsAck, HistoryAck, SettingsAck, TypingFrame)
