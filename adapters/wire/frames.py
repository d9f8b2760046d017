"""What the server sends unasked, as structs that it encodes and our client decodes.

A struct is a frame's one declaration: its tag is the number, `msgid`. The client believes its
server: it sets no limits, and ignores fields and frames that it does not know.
"""

import msgspec
from msgspec import Struct

from chat_domain.entries import is_group, other_of
from chat_domain.model import Friend

encode = msgspec.json.Encoder().encode


class Secret:
    """Of a frame that carries a password or a token, which it does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class ServerFrame(Struct, tag_field="msgid", omit_defaults=True, gc=False):
    """Any frame for a version 2 client. What has its default value is left out."""


def number_of(frame: Struct | type[Struct]) -> int:
    """The `msgid` of a frame, or of frames of a kind."""
    tag = frame.__struct_config__.tag
    assert isinstance(tag, int)
    return tag


def where(conv: int, user_id: int) -> dict[str, int]:
    """The field by which a frame for this user says which conversation it is about."""
    return {"groupid": conv} if is_group(conv) else {"toid": other_of(conv, user_id)}


class OneChatFrame(ServerFrame, tag=1005):
    """A message for one user. at: its position. re: of what it answers, 0 for nothing. deleted: it
    has no text any more."""

    at: int
    cid: str
    id: int
    name: str
    toid: int
    msg: str = ""
    time: int = 0
    re: int = 0
    deleted: bool = False


class GroupChatFrame(ServerFrame, tag=1009):
    """One for a group."""

    at: int
    cid: str
    id: int
    name: str
    groupid: int
    msg: str = ""
    time: int = 0
    re: int = 0
    deleted: bool = False


class ChangedFrame(ServerFrame, tag=1037, kw_only=True):
    """A change of who may see what. id, name: whose doing it is. toid, groupid: of which
    conversation, one of the two. what, whom, newname, detail: see `chat_domain.entries.What`."""

    at: int
    cid: str
    id: int
    name: str
    toid: int = 0
    groupid: int = 0
    time: int
    what: str
    whom: int = 0
    newname: str = ""
    detail: str = ""


EntryFrame = OneChatFrame | GroupChatFrame | ChangedFrame  # what is in the log


class Mark(Struct, omit_defaults=True, gc=False):
    """How far user `id` is. got: everything that the client's user has written to them alone, up to
    that position, is with some device of theirs. Or `read`: up to there they have read the
    conversation with `toid`, as the client's user calls it, or of the group `groupid`."""

    id: int
    got: int = 0
    read: int = 0
    toid: int = 0
    groupid: int = 0


class MarksFrame(ServerFrame, tag=1038):
    marks: list[Mark]


class TypingFrame(ServerFrame, tag=1044):
    """Somebody is writing something. toid, groupid: in which conversation, as of `Mark`."""

    id: int
    name: str
    toid: int = 0
    groupid: int = 0


class PingFrame(ServerFrame, tag=1012):
    """Is there anybody? at: everything up to this position that the client is to be shown has been
    sent on this connection."""

    at: int


class SessionEndedFrame(ServerFrame, tag=1016):
    """The session was ended elsewhere; its tokens are worth nothing any more."""


class PresenceFrame(ServerFrame, tag=1017):
    """Somebody on the user's list has come or gone."""

    id: int
    name: str
    state: str

    @classmethod
    def of(cls, who: Friend) -> "PresenceFrame":
        return cls(who.id, who.name, state(who.online))


class GoingAwayFrame(ServerFrame, tag=1018):
    """The server is about to close the connection. delay: in ms."""

    delay: int | None = None


class NoticeFrame(ServerFrame, tag=1034):
    """The operator says this to everybody."""

    text: str


class OldOneChatFrame(Struct, tag_field="msgid", tag=number_of(OneChatFrame), gc=False):
    """A message for one user as the C++ server wrote it."""

    id: int
    name: str
    toid: int
    msg: str
    time: str


class OldGroupChatFrame(Struct, tag_field="msgid", tag=number_of(GroupChatFrame), gc=False):
    id: int
    name: str
    groupid: int
    msg: str
    time: str


ONLINE = "online"


def state(online: bool) -> str:
    return ONLINE if online else "offline"
