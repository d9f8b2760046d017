"""What the server sends unasked, as structs that it encodes and our client decodes.

A struct is a frame's one declaration: its tag is the number, `msgid`. The client believes its
server: it sets no limits, and ignores fields and frames that it does not know.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from chat_domain import hints
from chat_domain.hints import Hint
from chat_domain.model import Friend, User

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


class OneChatFrame(ServerFrame, tag=1005):
    """A message for one user."""

    push: int
    mid: str
    cid: str
    id: int
    name: str
    toid: int
    msg: str
    time: int
    stored: bool = False


class GroupChatFrame(ServerFrame, tag=1009):
    """One for a group."""

    push: int
    mid: str
    cid: str
    id: int
    name: str
    groupid: int
    msg: str
    time: int
    stored: bool = False


class PingFrame(ServerFrame, tag=1012):
    """Is there anybody?"""


class ReplacedFrame(ServerFrame, tag=1016):
    """Another connection has the session now."""


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


class HintFrame(ServerFrame):
    """What tells a hint: one of this kind, `tells`, is made into a frame by `of`, and back again by
    `hint`."""

    tells: ClassVar[type[Hint]]

    @classmethod
    def of(cls, hint: Any) -> "HintFrame":
        raise NotImplementedError

    def hint(self) -> Hint:
        raise NotImplementedError


class NoticeFrame(HintFrame, tag=1034):
    tells = hints.Notice

    text: str

    @classmethod
    def of(cls, hint: hints.Notice) -> "NoticeFrame":
        return cls(hint.text)

    def hint(self) -> hints.Notice:
        return hints.Notice(self.text)


class GroupChangedFrame(HintFrame, tag=1036):
    """id, name: of who did it."""

    tells = hints.GroupChanged

    groupid: int
    groupname: str
    id: int
    name: str

    @classmethod
    def of(cls, hint: hints.GroupChanged) -> "GroupChangedFrame":
        return cls(hint.group_id, hint.name, hint.by.id, hint.by.name)

    def hint(self) -> hints.GroupChanged:
        return hints.GroupChanged(self.groupid, self.groupname, User(self.id, self.name))


_HINT_FRAMES = {frame.tells: frame for frame in HintFrame.__subclasses__()}


def hint_frame(hint: Hint) -> HintFrame:
    """What tells this hint."""
    return _HINT_FRAMES[type(hint)].of(hint)


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
