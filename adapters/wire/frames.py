"""What the server sends, as structs that encode into the protocol's JSON."""

from typing import Any

import msgspec
from msgspec import Struct

from adapters.wire import numbers
from chat_domain.model import Friend, Member, Membership, Resumable

encode = msgspec.json.Encoder().encode


class OneChatFrame(Struct, tag_field="msgid", tag=numbers.ONE_CHAT, omit_defaults=True, gc=False):
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


class GroupChatFrame(
    Struct, tag_field="msgid", tag=numbers.GROUP_CHAT, omit_defaults=True, gc=False
):
    """One for a group, less its push number, which is put in front (see `version2`)."""

    mid: str
    cid: str
    id: int
    name: str
    groupid: int
    msg: str
    time: int
    stored: bool = False


class OldOneChatFrame(Struct, tag_field="msgid", tag=numbers.ONE_CHAT, gc=False):
    """The same as the C++ server wrote it."""

    id: int
    name: str
    toid: int
    msg: str
    time: str


class OldGroupChatFrame(Struct, tag_field="msgid", tag=numbers.GROUP_CHAT, gc=False):
    id: int
    name: str
    groupid: int
    msg: str
    time: str


class ChatAck(Struct, tag_field="msgid", tag=numbers.ACK, omit_defaults=True, gc=False):
    seq: int
    mid: str
    time: int
    status: str
    refused: list[int] | None = None


def reply(msgid: int, seq: int | None, **fields: Any) -> bytes:
    """Any other frame, without its terminator. Fields that are None are left out."""
    frame: dict[str, Any] = {"msgid": msgid}
    if seq is not None:
        frame["seq"] = seq
    frame.update((name, value) for name, value in fields.items() if value is not None)
    return encode(frame)


def state(online: bool) -> str:
    return "online" if online else "offline"


def friend(who: Friend) -> dict[str, Any]:
    return {"id": who.id, "name": who.name, "state": state(who.online)}


def membership(own: Membership) -> dict[str, Any]:
    return {
        "id": own.group.id,
        "groupname": own.group.name,
        "groupdesc": own.group.description,
        "role": own.role.value,
    }


def resumable(session: Resumable) -> dict[str, Any]:
    return {
        "session": session.name,
        "begun": session.begun_ms,
        "expires": session.expires_ms,
        "current": session.current,
    }


def member(who: Member) -> dict[str, Any]:
    return {
        "id": who.id,
        "name": who.name,
        "state": state(who.online),
        "role": who.role.value,
    }
