"""Frames of history, marks, typing and settings, until `adapters.wire` declares them."""

import attrs

from adapters.wire.answers import Ack, Answer
from adapters.wire.frames import ServerFrame
from adapters.wire.requests import Cid, Id, Position, Request, Words, Written


@attrs.frozen
class Preferences:
    hide_read: bool = False
    hide_typing: bool = False


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


FRAMES = (SettingsAck, TypingFrame)
