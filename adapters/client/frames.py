"""The frames of docs/protocol.md, version 2, as the client writes and reads them."""

from typing import Any

import msgspec

from adapters.client.errors import ProtocolViolation, Refused

LOGIN = 1000
LOGOUT = 1002
REGISTER = 1003
CHAT = 1005
ADD_FRIEND = 1006
CREATE_GROUP = 1007
ADD_GROUP = 1008
GROUP_CHAT = 1009
PING = 1012
PONG = 1013
PUSHED = 1014
RESUME = 1015
FIND_USER = 1019
REMOVE_FRIEND = 1021
FRIENDS = 1022
GROUPS = 1024
MEMBERS = 1026
LEAVE_GROUP = 1028
CHANGE_PASSWORD = 1029
SESSIONS = 1031
END_SESSION = 1033

VERSION = 2
MAX_CLIENT_FRAME = 65_536
MAX_SERVER_FRAME = 131_072
MAX_TEXT = 4_096

Body = dict[str, Any]


class UserRow(msgspec.Struct):
    id: int
    name: str
    state: str = "offline"
    role: str = "normal"


class GroupRow(msgspec.Struct):
    id: int
    groupname: str
    groupdesc: str = ""
    role: str = "normal"


class LoginAck(msgspec.Struct, tag_field="msgid", tag=1001):
    errno: int
    seq: int = 0
    id: int = 0
    name: str = ""
    v: int = 1
    token: str = ""
    error: str = ""
    errmsg: str = ""


class RegisterAck(msgspec.Struct, tag_field="msgid", tag=1004):
    errno: int
    seq: int = 0
    id: int = 0
    error: str = ""
    errmsg: str = ""


class Chat(msgspec.Struct, tag_field="msgid", tag=1005):
    push: int
    mid: str
    cid: str
    id: int
    name: str
    msg: str
    time: int
    stored: bool = False


class GroupChat(msgspec.Struct, tag_field="msgid", tag=1009):
    push: int
    mid: str
    cid: str
    id: int
    name: str
    groupid: int
    msg: str
    time: int
    stored: bool = False


class PlainAck(msgspec.Struct, tag_field="msgid", tag=1010):
    seq: int = 0
    mid: str = ""
    time: int = 0
    status: str = ""
    refused: tuple[int, ...] = ()
    friend: UserRow | None = None
    groupid: int = 0
    groupname: str = ""
    groupdesc: str = ""


class ErrorFrame(msgspec.Struct, tag_field="msgid", tag=1011):
    errno: int
    error: str = ""
    errmsg: str = ""
    seq: int = 0


class PingFrame(msgspec.Struct, tag_field="msgid", tag=1012):
    pass


class PongFrame(msgspec.Struct, tag_field="msgid", tag=1013):
    seq: int = 0


class ReplacedFrame(msgspec.Struct, tag_field="msgid", tag=1016):
    pass


class PresenceFrame(msgspec.Struct, tag_field="msgid", tag=1017):
    id: int
    name: str
    state: str


class GoingAwayFrame(msgspec.Struct, tag_field="msgid", tag=1018):
    delay: int = 0


class NoticeFrame(msgspec.Struct, tag_field="msgid", tag=1034):
    text: str


class FindUserAck(msgspec.Struct, tag_field="msgid", tag=1020):
    id: int
    name: str
    state: str
    seq: int = 0


class FriendsAck(msgspec.Struct, tag_field="msgid", tag=1023):
    friends: list[UserRow]
    seq: int = 0
    next: int | None = None


class GroupsAck(msgspec.Struct, tag_field="msgid", tag=1025):
    groups: list[GroupRow]
    seq: int = 0
    next: int | None = None


class MembersAck(msgspec.Struct, tag_field="msgid", tag=1027):
    users: list[UserRow]
    seq: int = 0
    next: int | None = None


class ChangePasswordAck(msgspec.Struct, tag_field="msgid", tag=1030):
    token: str
    seq: int = 0


class SessionRow(msgspec.Struct):
    session: str
    begun: int
    expires: int
    current: bool


class SessionsAck(msgspec.Struct, tag_field="msgid", tag=1032):
    sessions: list[SessionRow]
    seq: int = 0


Reply = (
    LoginAck
    | RegisterAck
    | PlainAck
    | ErrorFrame
    | PongFrame
    | FindUserAck
    | FriendsAck
    | GroupsAck
    | MembersAck
    | ChangePasswordAck
    | SessionsAck
)
ServerFrame = (
    Reply
    | Chat
    | GroupChat
    | PingFrame
    | ReplacedFrame
    | PresenceFrame
    | GoingAwayFrame
    | NoticeFrame
)


class _Kind(msgspec.Struct):
    msgid: int


_decoder: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)
_kind_decoder = msgspec.json.Decoder(_Kind)
_encoder = msgspec.json.Encoder()
_KNOWN = frozenset(range(1000, 1035))


def decode(frame: bytes) -> ServerFrame | None:
    """Read a frame of the server; None for a kind that a later version has added."""
    try:
        return _decoder.decode(frame)
    except msgspec.DecodeError as exc:
        if _is_of_a_later_version(frame):
            return None
        raise ProtocolViolation(f"the server sent a frame that makes no sense: {exc}") from exc


def _is_of_a_later_version(frame: bytes) -> bool:
    try:
        return _kind_decoder.decode(frame).msgid not in _KNOWN
    except msgspec.DecodeError:
        return False


def encode(body: Body) -> bytes:
    """Write a request. Raises Refused for what the server could not take, and would hang up on."""
    try:
        frame = _encoder.encode(body)
    except UnicodeEncodeError as exc:
        raise Refused(12, "bad_field", "this is not valid text") from exc
    if len(frame) > MAX_CLIENT_FRAME:
        raise Refused(14, "frame_too_long", "this is too long for the server")
    return frame + b"\n"


def check_text(text: str) -> None:
    """Raise Refused for a text that no server takes, before it is queued."""
    if not 1 <= len(text) <= MAX_TEXT:
        raise Refused(12, "bad_field", f"a message has 1 to {MAX_TEXT:,} characters")
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise Refused(12, "bad_field", "this is not valid text") from exc


def refusal(reply: Reply) -> Refused | None:
    """The refusal that an answer carries, if it is one."""
    if not isinstance(reply, LoginAck | RegisterAck | ErrorFrame):
        return None
    if not reply.errno and not isinstance(reply, ErrorFrame):
        return None
    return Refused(reply.errno, reply.error or f"errno_{reply.errno}", reply.errmsg)
