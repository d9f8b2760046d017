"""What the server sends unasked, as structs that the server encodes and our client decodes.

A struct is the only declaration of its frame: its tag is the number, `msgid`. The client trusts its
server: it checks no limits, and ignores unknown fields and frames.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Struct

from chat_domain.entries import is_group, other_of
from chat_domain.model import Friend

S = TypeVar("S", bound=Struct)

encode = msgspec.json.Encoder().encode


class Secret:
    """Mixed into a frame that carries a password or a token, to keep it out of `repr`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class ServerFrame(Struct, tag_field="msgid", omit_defaults=True, gc=False):
    """Any frame for a version 2 client. Fields with their default value are left out."""


def number_of(frame: Struct | type[Struct]) -> int:
    """The `msgid` of a frame, or of a type of frames."""
    tag = frame.__struct_config__.tag
    assert isinstance(tag, int)
    return tag


def declared(kind: type[S]) -> Iterator[type[S]]:
    """All subclasses of this type of frames that have a number."""
    for below in kind.__subclasses__():
        if isinstance(below.__struct_config__.tag, int):
            yield below
        yield from declared(below)


def conversation_field(conv: int, user_id: int) -> dict[str, int]:
    """The field that tells this user which conversation a frame is about, with its value."""
    return {"groupid": conv} if is_group(conv) else {"toid": other_of(conv, user_id)}


class OneChatFrame(ServerFrame, tag=1005):
    """A one-to-one message. at: its position. time: UTC milliseconds. re: the position of the
    message that it answers, 0 for none. deleted: whether its text was deleted."""

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
    """A message to a group; its fields as in OneChatFrame."""

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
    """A change of who may see what. id, name: its author. time: UTC milliseconds. toid, groupid:
    its conversation, one of the two. what, whom, newname, detail: see
    `chat_domain.entries.ChangeKind`."""

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


EntryFrame = OneChatFrame | GroupChatFrame | ChangedFrame  # the entries of the log


class Mark(Struct, omit_defaults=True, gc=False):
    """How far user `id` is. Either got: a device of theirs has everything that the client's user
    sent to them one-to-one up to this position. Or read: they have read up to this position, in the
    conversation that the client's user has with `toid`, or in the group `groupid`."""

    id: int
    got: int = 0
    read: int = 0
    toid: int = 0
    groupid: int = 0


class MarksFrame(ServerFrame, tag=1038):
    marks: list[Mark]


class TypingFrame(ServerFrame, tag=1044):
    """User `id` is typing. toid, groupid: the conversation, as in `Mark`."""

    id: int
    name: str
    toid: int = 0
    groupid: int = 0


class PingFrame(ServerFrame, tag=1012):
    """Asks for a sign of life. at: the server has sent on this connection everything up to this
    position that the client is to be shown."""

    at: int


class SessionEndedFrame(ServerFrame, tag=1016):
    """The session was ended elsewhere; its tokens are no longer valid."""


class PresenceFrame(ServerFrame, tag=1017):
    """A user on the list of friends has come online or gone offline."""

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
    """A notice from the operator to everybody."""

    text: str


class OldOneChatFrame(Struct, tag_field="msgid", tag=number_of(OneChatFrame), gc=False):
    """A one-to-one message as the C++ server wrote it."""

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


_STATES = {True: "online", False: "offline", None: "unknown"}
_ONLINE = {state: online for online, state in _STATES.items()}


def state(online: bool | None) -> str:
    """The word for whether a user is online, None if that is not known."""
    return _STATES[online]


def is_online(state: str) -> bool | None:
    """The reverse; None for any other word, too."""
    return _ONLINE.get(state)
