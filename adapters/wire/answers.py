"""What the server answers to requests, as structs that the server encodes and our client decodes.

`frames` says what holds for everything that the server sends. Each request declares its answer.
"""

from msgspec import Struct

from adapters.wire import errors
from adapters.wire.frames import (
    EntryFrame,
    Secret,
    ServerFrame,
    conversation_field,
    encode,
    is_online,
    state,
)
from chat_domain.model import (
    Friend,
    Group,
    KeptToken,
    Member,
    Membership,
    Muting,
    Preferences,
    Role,
)


class Answer(ServerFrame):
    """Any answer. seq: that of the request, None if it had none."""

    seq: int | None = None


class Verdict(Answer, kw_only=True):
    """An answer that may be a refusal, if `errno` is not 0. Other requests are refused by Error."""

    errno: int
    error: str = ""
    errmsg: str = ""


class Error(Verdict, tag=1011):
    """Refuses a request whose answer is not a Verdict, or complains without any request."""


def refusal(name: str, why: str, seq: int | None, kind: type[Verdict] = Error) -> bytes:
    """The frame of a refusal. name: its name in the protocol's table of errors. kind: the type of
    the request's answer, if that is a Verdict."""
    return encode(kind(seq=seq, errno=errors.NUMBERS[name], error=name, errmsg=why))


class LoginAck(Secret, Verdict, tag=1001, kw_only=True):
    id: int = 0
    name: str = ""
    v: int = 1
    token: str = ""
    expires: int | None = None
    session: str = ""
    head: int | None = None
    epoch: str = ""
    oldest: int = 0
    reset: bool = False


class RegisterAck(Verdict, tag=1004, kw_only=True):
    id: int = 0


class Ack(Answer, tag=1010):
    """The request is done, and has no answer type of its own. Which fields are set depends on it.

    at, time: those of the entry that is now in the log.
    """

    at: int = 0
    time: int = 0
    friend: "FriendRow | None" = None
    groupid: int = 0
    groupname: str | None = None
    groupdesc: str | None = None


class Pong(Answer, tag=1013):
    """at: as in PingFrame; None if nobody is logged in."""

    at: int | None = None


# -- people ----------------------------------------------------------------------------------------


class FriendRow(Struct, gc=False):
    """A friend: on the user's list, or just added to it."""

    id: int
    name: str
    state: str = "unknown"

    @classmethod
    def of(cls, who: Friend) -> "FriendRow":
        return cls(who.id, who.name, state(who.online))

    def friend(self) -> Friend:
        return Friend(self.id, self.name, is_online(self.state))


class FindUserAck(Answer, tag=1020, kw_only=True):
    id: int
    name: str
    state: str

    @classmethod
    def of(cls, who: Friend) -> "FindUserAck":
        return cls(id=who.id, name=who.name, state=state(who.online))

    def friend(self) -> Friend:
        return Friend(self.id, self.name, is_online(self.state))


class FriendsAck(Answer, tag=1023, kw_only=True):
    friends: list[FriendRow]
    next: int | None = None


# -- groups ----------------------------------------------------------------------------------------


class GroupRow(Struct, gc=False):
    """One of the user's groups, with their role in it."""

    id: int
    groupname: str
    groupdesc: str = ""
    role: str = Role.NORMAL.value

    @classmethod
    def of(cls, own: Membership) -> "GroupRow":
        group = own.group
        return cls(group.id, group.name, group.description, own.role.value)

    def membership(self) -> Membership:
        return Membership(Group(self.id, self.groupname, self.groupdesc), _role(self.role))


class GroupsAck(Answer, tag=1025, kw_only=True):
    groups: list[GroupRow]
    next: int | None = None


class MemberRow(Struct, gc=False):
    """One of a group's members."""

    id: int
    name: str
    state: str = "unknown"
    role: str = Role.NORMAL.value

    @classmethod
    def of(cls, who: Member) -> "MemberRow":
        return cls(who.id, who.name, state(who.online), who.role.value)

    def member(self) -> Member:
        return Member(self.id, self.name, _role(self.role), is_online(self.state))


class MembersAck(Answer, tag=1027, kw_only=True):
    groupid: int = 0
    users: list[MemberRow]
    next: int | None = None


def _role(value: str) -> Role:
    """The role of this name. A role that a later version adds counts as NORMAL."""
    return Role.CREATOR if value == Role.CREATOR.value else Role.NORMAL


# -- conversations ---------------------------------------------------------------------------------


class ConversationRow(Struct, omit_defaults=True, gc=False, kw_only=True):
    """One of the user's conversations: that with the user `toid` or of the group `groupid`. The
    other fields are those of `model.Conversation`."""

    toid: int = 0
    groupid: int = 0
    name: str
    last: EntryFrame
    read: int
    unread: int
    peer_read: int | None = None
    peer_got: int | None = None
    muted: bool = False
    left: bool = False


class ConversationsAck(Answer, tag=1040, kw_only=True):
    """next: the `before` of the request for the next page; None on the last page."""

    conversations: list[ConversationRow]
    next: int | None = None


class ReadMark(Struct, gc=False):
    """User `id` has read the conversation up to position `read`."""

    id: int
    read: int


class HistoryAck(Answer, tag=1042, kw_only=True):
    """more: whether there are further entries in the requested direction. read: the position up to
    which the user has read. marks: the same of others. Both only if the newest entries were asked
    for."""

    toid: int = 0
    groupid: int = 0
    entries: list[EntryFrame]
    more: bool
    read: int | None = None
    marks: list[ReadMark] | None = None


# -- settings --------------------------------------------------------------------------------------


class SettingsAck(Answer, tag=1046, kw_only=True):
    """Also sent unasked, when another device of the user has changed something.

    toid, groupid, muted: those of the conversation that it is about, if any.
    """

    hide_read: bool
    hide_typing: bool
    toid: int = 0
    groupid: int = 0
    muted: bool | None = None

    @classmethod
    def of(cls, preferences: Preferences, muting: Muting | None, user_id: int) -> "SettingsAck":
        """The frame for the user with this id."""
        about = {} if muting is None else conversation_field(muting.conv, user_id)
        return cls(
            hide_read=preferences.hide_read,
            hide_typing=preferences.hide_typing,
            muted=None if muting is None else muting.muted,
            **about,
        )


# -- the user's own account ------------------------------------------------------------------------


class ChangePasswordAck(Secret, Answer, tag=1030, kw_only=True):
    token: str
    expires: int | None = None


class SessionRow(
    Struct,
    gc=False,
    rename={"name": "session", "begun_ms": "begun", "seen_ms": "seen", "expires_ms": "expires"},
):
    """One of the user's sessions that can be resumed. current: whether it is the one that asks.
    Times are UTC milliseconds."""

    name: str
    device: str
    begun_ms: int
    seen_ms: int
    expires_ms: int
    current: bool

    @classmethod
    def of(cls, one: KeptToken, asking: str = "") -> "SessionRow":
        """The session that a token belongs to. asking: the name of the one that asks."""
        name, current = one.session, one.session == asking
        return cls(name, one.device, one.begun_ms, one.seen_ms, one.expires_ms, current)


class SessionsAck(Answer, tag=1032, kw_only=True):
    sessions: list[SessionRow]
