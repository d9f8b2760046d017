"""What a client may send. Each request is declared here only, for the server and the client class.

The tag of a request is its number, `msgid`. The type in brackets after `Request` is its answer, and
`refusals` lists the errors with which it may be refused.

The server checks every limit when it reads requests (see `reading`); the client writes only fields
that differ from their defaults.
"""

from typing import Annotated

from msgspec import Meta

from adapters.wire import answers
from adapters.wire.answers import Ack, LoginAck, RegisterAck
from adapters.wire.declaring import (
    AnyInteger,
    AnyRequest,
    Cursor,
    Description,
    Device,
    Epoch,
    Id,
    InConversation,
    NewPassword,
    PageSize,
    Position,
    Request,
    Text,
    Words,
    Written,
    at_least_one,
    at_most_one,
)
from adapters.wire.errors import AlreadyLoggedIn, TooOld
from adapters.wire.frames import (
    GroupChatFrame,
    OneChatFrame,
    PingFrame,
    Secret,
    TypingFrame,
    declared,
    number_of,
)
from chat_domain import errors
from chat_domain.entries import pair

FIRST_OF_OURS = 1010  # lower numbers come from the C++ server


# -- logging in and out ----------------------------------------------------------------------------


class Login(Secret, Request[LoginAck], tag=1000, kw_only=True):
    refusals = (
        AlreadyLoggedIn,
        errors.AlreadyOnline,
        errors.BadCredentials,
        errors.TooManyConnections,
        errors.TooManyFailures,
        TooOld,
    )

    id: AnyInteger | None = None
    name: Words | None = None
    password: Words
    v: Annotated[int, Meta(ge=1)] = 1
    device: Device = ""
    since: Position | None = None
    epoch: Epoch = ""

    def __post_init__(self) -> None:
        at_least_one(self.id, self.name, "`id` or `name`")
        if not self.device.isprintable():
            raise ValueError("Expected printable characters - at `$.device`")


class Resume(Secret, Request[LoginAck], tag=1015, kw_only=True):
    refusals = (AlreadyLoggedIn, errors.BadToken, errors.TooManyConnections)

    token: Words
    since: Position | None = None
    epoch: Epoch = ""


class Logout(Request[Ack], tag=1002):
    pass


# -- the user's own account ------------------------------------------------------------------------


class Register(Secret, Request[RegisterAck], tag=1003, kw_only=True):
    refusals = (
        AlreadyLoggedIn,
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
    """toid, groupid: the conversation whose `muted` is to be changed, or asked for if None."""

    refusals = (errors.NotMember,)

    hide_read: bool | None = None
    hide_typing: bool | None = None
    toid: Id | None = None
    groupid: Id | None = None
    muted: bool | None = None

    def __post_init__(self) -> None:
        at_most_one(self.toid, self.groupid, "`toid` or `groupid`")
        if self.muted is not None:
            at_least_one(self.toid, self.groupid, "`toid` or `groupid`")

    def conv_of(self, user_id: int) -> int | None:
        """As in `InConversation`, but None if the request is not about a conversation."""
        return self.groupid if self.toid is None else pair(user_id, self.toid)


# -- messages --------------------------------------------------------------------------------------


class OneChat(Written[Ack], tag=number_of(OneChatFrame), kw_only=True):
    refusals = (
        errors.CidConflict,
        errors.MailboxFull,
        errors.NoSuchUser,
        errors.TooManyConversations,
        errors.TooManyUnanswered,
    )

    toid: Id
    msg: Text
    re: Position = 0


class GroupChat(Written[Ack], tag=number_of(GroupChatFrame), kw_only=True):
    refusals = (errors.CidConflict, errors.NoSuchGroup, errors.NotMember, errors.TooManyUnanswered)

    groupid: Id
    msg: Text
    re: Position = 0


class Taken(Request[None], tag=1014, kw_only=True):
    refusals = (errors.NotSentYet,)

    at: Position


class Ping(Request[answers.Pong], tag=number_of(PingFrame)):
    pass


class Pong(Request[None], tag=number_of(answers.Pong)):
    pass


class Read(InConversation[Ack], tag=1043, kw_only=True):
    refusals = (errors.BeyondTheLog, errors.NotMember)

    at: Position


class Typing(InConversation[None], tag=number_of(TypingFrame), kw_only=True):
    refusals = (errors.NotMember,)


# -- conversations ---------------------------------------------------------------------------------


class ListConversations(Request[answers.ConversationsAck], tag=1039, kw_only=True):
    before: Position | None = None
    limit: PageSize = 100


class History(InConversation[answers.HistoryAck], tag=1041, kw_only=True):
    refusals = (errors.NotMember,)

    before: Position | None = None
    after: Position | None = None
    limit: PageSize = 50

    def __post_init__(self) -> None:
        InConversation.__post_init__(self)
        at_most_one(self.before, self.after, "`before` or `after`")


# -- people ----------------------------------------------------------------------------------------


class FindUser(Request[answers.FindUserAck], tag=1019, kw_only=True):
    refusals = (errors.NoSuchUser,)

    name: Words


class AddFriend(Request[Ack], tag=1006, kw_only=True):
    refusals = (errors.AlreadyFriends, errors.NoSuchUser, errors.Oneself, errors.TooManyFriends)

    friendid: Id | None = None
    friendname: Words | None = None

    def __post_init__(self) -> None:
        at_least_one(self.friendid, self.friendname, "`friendid` or `friendname`")


class RemoveFriend(Request[Ack], tag=1021, kw_only=True):
    refusals = (errors.NotFriends,)

    friendid: Id


class ListFriends(Request[answers.FriendsAck], tag=1022, kw_only=True):
    after: Cursor = 0
    limit: PageSize = 100


# -- groups ----------------------------------------------------------------------------------------


class CreateGroup(Written[Ack], tag=1007, kw_only=True):
    refusals = (
        errors.BadName,
        errors.CidConflict,
        errors.GroupNameTaken,
        errors.NoSuchGroup,  # of one sent again: the group was renamed or ended since
        errors.TooManyGroups,
    )

    groupname: Words
    groupdesc: Description = ""


class JoinGroup(Written[Ack], tag=1008, kw_only=True):
    refusals = (
        errors.AlreadyMember,
        errors.CidConflict,
        errors.GroupFull,
        errors.NoSuchGroup,
        errors.TooManyGroups,
    )

    groupid: Id | None = None
    groupname: Words | None = None

    def __post_init__(self) -> None:
        Written.__post_init__(self)
        at_least_one(self.groupid, self.groupname, "`groupid` or `groupname`")


class RenameGroup(Written[Ack], tag=1035, kw_only=True):
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


class LeaveGroup(Written[Ack], tag=1028, kw_only=True):
    refusals = (errors.CidConflict, errors.NoSuchGroup, errors.NotMember)

    groupid: Id


class ListGroups(Request[answers.GroupsAck], tag=1024, kw_only=True):
    after: Cursor = 0
    limit: PageSize = 100


class ListMembers(Request[answers.MembersAck], tag=1026, kw_only=True):
    refusals = (errors.NoSuchGroup, errors.NotMember)

    groupid: Id
    after: Cursor = 0
    limit: PageSize = 100


REQUESTS: dict[int, type[AnyRequest]] = {
    number_of(request): request for request in declared(Request)
}
