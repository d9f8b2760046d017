"""What a client may send: each request's one declaration, for the server and for our client class.

A request's tag is its number, `msgid`. What it is answered by stands in brackets behind `Request`,
and `refusals` says what the rules may refuse it with.

The server reads them with every limit checked (see `reading`), the client writes what differs from
the defaults.
"""

import string
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args

from msgspec import Meta, Struct

from adapters.wire import answers
from adapters.wire.answers import Ack, Answer, LoginAck, RegisterAck
from adapters.wire.frames import (
    GroupChatFrame,
    OneChatFrame,
    PingFrame,
    Secret,
    TypingFrame,
    number_of,
)
from chat_domain import errors
from chat_domain.entries import pair
from chat_domain.errors import ChatError

Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]
AnyInteger = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Position = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Epoch = Annotated[str, Meta(max_length=64)]
Device = Annotated[str, Meta(min_length=1, max_length=50)]
Cid = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(min_length=1, max_length=4096)]
Description = Annotated[str, Meta(max_length=200)]
# Looser than a name or a password may be: what they really may be, the rules say.
Words = Annotated[str, Meta(max_length=1024)]
NewPassword = Annotated[str, Meta(min_length=1, max_length=128)]
PageSize = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[int, Meta(ge=0, le=2**31 - 1)]

_CID_LETTERS = f"{string.ascii_letters}{string.digits}_-".encode()


Refusals = tuple[type[ChatError], ...]
# What any request may be refused with, besides a bad frame and a bad field.
ALWAYS: Refusals = (errors.NotLoggedIn, errors.ShuttingDown, errors.TryAgain)
FIRST_OF_OURS = 1010  # the numbers below are the C++ server's

A = TypeVar("A", bound=Answer | None)


class Request(Struct, Generic[A], tag_field="msgid", omit_defaults=True, gc=False):
    """Any request, answered by an A, or by nothing.

    seq: the client's mark of it, given back in the answer. refusals: besides those of ALWAYS.
    """

    refusals: ClassVar[Refusals] = ()

    seq: Seq | None = None


AnyRequest = Request[Any]


class Written:
    """Of a request that writes to the log, once under its `cid`."""

    __slots__ = ()

    cid: Cid | None

    def __post_init__(self) -> None:
        # A pattern in the field's type would say the same, in 0.4 us a chat instead of 0.15.
        if self.cid is not None and self.cid.encode().translate(None, _CID_LETTERS):
            raise ValueError("Expected letters, digits, `_` and `-` - at `$.cid`")


class InConversation:
    """Of a request about one conversation: that with the user `toid`, who may be oneself, or that
    of the group `groupid`."""

    __slots__ = ()

    toid: Id | None
    groupid: Id | None

    def __post_init__(self) -> None:
        _one_of(self.toid, self.groupid, "`toid` or `groupid`")
        _not_both(self.toid, self.groupid, "`toid` or `groupid`")

    def conv_of(self, user_id: int) -> int:
        """The conversation's number, where this user asks."""
        return self.groupid or pair(user_id, self.toid or 0)


# -- logging in and out ----------------------------------------------------------------------------


class Login(Secret, Request[LoginAck], tag=1000, kw_only=True):
    refusals = (
        errors.AlreadyLoggedIn,
        errors.AlreadyOnline,
        errors.BadCredentials,
        errors.TooManyConnections,
        errors.TooManyFailures,
        errors.TooOld,
    )

    id: AnyInteger | None = None
    name: Words | None = None
    password: Words
    v: Annotated[int, Meta(ge=1)] = 1
    device: Device = ""
    since: Position | None = None
    epoch: Epoch = ""

    def __post_init__(self) -> None:
        _one_of(self.id, self.name, "`id` or `name`")
        if not self.device.isprintable():
            raise ValueError("Expected printable characters - at `$.device`")


class Resume(Secret, Request[LoginAck], tag=1015, kw_only=True):
    refusals = (errors.AlreadyLoggedIn, errors.BadToken, errors.TooManyConnections)

    token: Words
    since: Position | None = None
    epoch: Epoch = ""


class Logout(Request[Ack], tag=1002):
    pass


# -- the user's own account ------------------------------------------------------------------------


class Register(Secret, Request[RegisterAck], tag=1003, kw_only=True):
    refusals = (
        errors.AlreadyLoggedIn,
        errors.BadName,
        errors.NameTaken,
        errors.RegistrationClosed,
        errors.TooManyRegistrations,
    )

    name: Words
    password: NewPassword


class ChangePassword(Secret, Request[answers.ChangePasswordAck], tag=1029, kw_only=True):
    refusals = (errors.BadCredentials, errors.TooManyFailures)

    old: Words
    new: NewPassword


class ListSessions(Request[answers.SessionsAck], tag=1031):
    pass


class EndSession(Request[Ack], tag=1033, kw_only=True):
    refusals = (errors.NoSuchSession,)

    session: Words


class Settings(Request[answers.SettingsAck], tag=1045, kw_only=True):
    """toid, groupid: of which conversation `muted` is to be changed, or asked if it is None."""

    refusals = (errors.NotMember,)

    hide_read: bool | None = None
    hide_typing: bool | None = None
    toid: Id | None = None
    groupid: Id | None = None
    muted: bool | None = None

    def __post_init__(self) -> None:
        _not_both(self.toid, self.groupid, "`toid` or `groupid`")
        if self.muted is not None:
            _one_of(self.toid, self.groupid, "`toid` or `groupid`")

    def conv_of(self, user_id: int) -> int | None:
        """See `InConversation`; None where it is about none."""
        return self.groupid if self.toid is None else pair(user_id, self.toid)


# -- messages --------------------------------------------------------------------------------------


class OneChat(Written, Request[Ack], tag=number_of(OneChatFrame), kw_only=True):
    refusals = (
        errors.CidConflict,
        errors.MailboxFull,
        errors.NoSuchUser,
        errors.TooManyConversations,
        errors.TooManyUnanswered,
    )

    toid: Id
    msg: Text
    cid: Cid | None = None
    re: Position = 0


class GroupChat(Written, Request[Ack], tag=number_of(GroupChatFrame), kw_only=True):
    refusals = (
        errors.CidConflict,
        errors.NoSuchGroup,
        errors.NotMember,
        errors.TooManyUnanswered,
    )

    groupid: Id
    msg: Text
    cid: Cid | None = None
    re: Position = 0


class Taken(Request[None], tag=1014, kw_only=True):
    refusals = (errors.NotSentYet,)

    at: Position


class Ping(Request[answers.Pong], tag=number_of(PingFrame)):
    pass


class Pong(Request[None], tag=number_of(answers.Pong)):
    pass


class Read(InConversation, Request[Ack], tag=1043, kw_only=True):
    refusals = (errors.BeyondTheLog, errors.NotMember)

    toid: Id | None = None
    groupid: Id | None = None
    at: Position


class Typing(InConversation, Request[None], tag=number_of(TypingFrame), kw_only=True):
    refusals = (errors.NotMember,)

    toid: Id | None = None
    groupid: Id | None = None


# -- what was said ---------------------------------------------------------------------------------


class ListConversations(Request[answers.ConversationsAck], tag=1039, kw_only=True):
    before: Position | None = None
    limit: PageSize = 100


class History(InConversation, Request[answers.HistoryAck], tag=1041, kw_only=True):
    refusals = (errors.NotMember,)

    toid: Id | None = None
    groupid: Id | None = None
    before: Position | None = None
    after: Position | None = None
    limit: PageSize = 50

    def __post_init__(self) -> None:
        InConversation.__post_init__(self)
        _not_both(self.before, self.after, "`before` or `after`")


# -- people ----------------------------------------------------------------------------------------


class FindUser(Request[answers.FindUserAck], tag=1019, kw_only=True):
    refusals = (errors.NoSuchUser,)

    name: Words


class AddFriend(Request[Ack], tag=1006, kw_only=True):
    refusals = (
        errors.AlreadyFriends,
        errors.NoSuchUser,
        errors.Oneself,
        errors.TooManyFriends,
    )

    friendid: Id | None = None
    friendname: Words | None = None

    def __post_init__(self) -> None:
        _one_of(self.friendid, self.friendname, "`friendid` or `friendname`")


class RemoveFriend(Request[Ack], tag=1021, kw_only=True):
    refusals = (errors.NotFriends,)

    friendid: Id


class ListFriends(Request[answers.FriendsAck], tag=1022, kw_only=True):
    after: Cursor = 0
    limit: PageSize = 100


# -- groups ----------------------------------------------------------------------------------------


class CreateGroup(Written, Request[Ack], tag=1007, kw_only=True):
    refusals = (
        errors.BadName,
        errors.CidConflict,
        errors.GroupNameTaken,
        errors.NoSuchGroup,  # it came again under its cid, and has been renamed or ended since
        errors.TooManyGroups,
    )

    groupname: Words
    groupdesc: Description = ""
    cid: Cid | None = None


class JoinGroup(Written, Request[Ack], tag=1008, kw_only=True):
    refusals = (
        errors.AlreadyMember,
        errors.CidConflict,
        errors.GroupFull,
        errors.NoSuchGroup,
        errors.TooManyGroups,
    )

    groupid: Id | None = None
    groupname: Words | None = None
    cid: Cid | None = None

    def __post_init__(self) -> None:
        Written.__post_init__(self)
        _one_of(self.groupid, self.groupname, "`groupid` or `groupname`")


class RenameGroup(Written, Request[Ack], tag=1035, kw_only=True):
    refusals = (
        errors.BadName,
        errors.CidConflict,
        errors.GroupNameTaken,
        errors.NoSuchGroup,
        errors.NotAllowed,
        errors.NotMember,
    )

    groupid: Id
    groupname: Words
    cid: Cid | None = None


class LeaveGroup(Written, Request[Ack], tag=1028, kw_only=True):
    refusals = (errors.CidConflict, errors.NoSuchGroup, errors.NotMember)

    groupid: Id
    cid: Cid | None = None


class ListGroups(Request[answers.GroupsAck], tag=1024, kw_only=True):
    after: Cursor = 0
    limit: PageSize = 100


class ListMembers(Request[answers.MembersAck], tag=1026, kw_only=True):
    refusals = (errors.NoSuchGroup, errors.NotMember)

    groupid: Id
    after: Cursor = 0
    limit: PageSize = 100


REQUESTS: dict[int, type[AnyRequest]] = {
    number_of(request): request for request in Request.__subclasses__()
}


def answer_of(request: type[AnyRequest]) -> type[Answer] | None:
    """What a request is answered by; None if by nothing."""
    (answer,) = get_args(vars(request)["__orig_bases__"][-1])
    return None if answer is type(None) else answer


def _one_of(first: object, second: object, names: str) -> None:
    if first is None and second is None:
        raise ValueError(f"Object missing required field {names}")


def _not_both(first: object, second: object, names: str) -> None:
    if first is not None and second is not None:
        raise ValueError(f"Expected {names}, and not both")
