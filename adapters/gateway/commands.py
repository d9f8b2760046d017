"""What each request does: a table from requests to functions.

A function returns None if its request is done, otherwise a coroutine that finishes it. The client
is told of each ChatError that either raises.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from adapters.gateway import logging_in
from adapters.gateway.talk import Talk
from adapters.wire import answers, requests
from adapters.wire.answers import Ack, FriendRow, MemberRow
from adapters.wire.declaring import AnyRequest
from adapters.wire.frames import number_of
from adapters.wire.pages import conversations_ack, groups_ack, history_ack
from adapters.wire.requests import FIRST_OF_OURS
from chat_domain.errors import NotSentYet
from chat_domain.fairness.meter import READERS_PER_FRAME

Unfinished = Coroutine[Any, Any, None]
Command = Callable[[Talk, Any], Unfinished | None]


def one_chat(talk: Talk, request: requests.OneChat) -> Unfinished | None:
    session = talk.session
    if session is None or session.ended:  # `current_session`, without a call for each message
        raise talk.not_logged_in()
    return talk.chat.one_to_one.send(session, request.toid, request)


def group_chat(talk: Talk, request: requests.GroupChat) -> None:
    session = talk.current_session()
    readers = talk.chat.group_chat.readers(request.groupid)
    talk.meter.frames += readers / READERS_PER_FRAME
    talk.chat.group_chat.send(session, request.groupid, request)


def taken(talk: Talk, request: requests.Taken) -> None:
    session = talk.current_session()
    if talk.client is not None and not talk.client.says_taken:
        raise NotSentYet(request.at, 0)  # version 1 has no positions
    talk.meter.free += 1
    talk.chat.marks.taken_over(session, request.at)


async def read(talk: Talk, request: requests.Read) -> None:
    session = talk.current_session()
    conv = request.conv_of(session.user.id)
    await talk.chat.read_marks.read(session, conv, request.at)
    talk.acknowledge(request)


def typing(talk: Talk, request: requests.Typing) -> Unfinished | None:
    session = talk.current_session()
    return talk.chat.typing.types(session, request.conv_of(session.user.id))


async def settings(talk: Talk, request: requests.Settings) -> None:
    session, own = talk.current_session(), talk.chat.settings
    user_id = session.user.id
    conv = request.conv_of(user_id)
    muting = None if conv is None else await own.mute(session, conv, request.muted)
    preferences = await own.change(
        session, hide_read=request.hide_read, hide_typing=request.hide_typing
    )
    talk.answer(request, answers.SettingsAck.of(preferences, muting, user_id))


def ping(talk: Talk, request: requests.Ping) -> None:
    talk.meter.free += 1
    if talk.takes_errors():
        talk.answer(request, answers.Pong(at=talk.place()))


def pong(talk: Talk, request: requests.Pong) -> None:  # noqa: ARG001  # see COMMANDS
    """A sign of life, like every frame."""
    talk.meter.free += 1


async def list_conversations(talk: Talk, request: requests.ListConversations) -> None:
    user = talk.current_session().user
    page = await talk.chat.history.conversations(user.id, request.before, request.limit)
    talk.answer(request, conversations_ack(user.id, page, on_terminal=talk.is_on_terminal()))


async def history(talk: Talk, request: requests.History) -> None:
    user = talk.current_session().user
    conv = request.conv_of(user.id)
    part = await talk.chat.history.part(user.id, conv, request.before, request.after, request.limit)
    talk.answer(request, history_ack(user.id, part, on_terminal=talk.is_on_terminal()))


async def add_friend(talk: Talk, request: requests.AddFriend) -> None:
    user = talk.current_session().user
    who = request.friendname or "" if request.friendid is None else request.friendid
    friend = await talk.chat.friends.add(user.id, who)
    talk.acknowledge(request, Ack(friend=FriendRow.of(friend)))


async def remove_friend(talk: Talk, request: requests.RemoveFriend) -> None:
    await talk.chat.friends.remove(talk.current_session().user.id, request.friendid)
    talk.acknowledge(request)


async def list_friends(talk: Talk, request: requests.ListFriends) -> None:
    user = talk.current_session().user
    page = await talk.chat.friends.page(user.id, request.after, request.limit)
    friends = [FriendRow.of(friend) for friend in page.items]
    talk.answer(request, answers.FriendsAck(friends=friends, next=page.next))


async def find_user(talk: Talk, request: requests.FindUser) -> None:
    talk.current_session()
    found = await talk.chat.friends.find(request.name)
    talk.answer(request, answers.FindUserAck.of(found))


async def create_group(talk: Talk, request: requests.CreateGroup) -> None:
    user = talk.current_session().user
    done, group = await talk.chat.groups.create(
        user, request.groupname, request.groupdesc, request.cid
    )
    talk.acknowledge(request, Ack(at=done.at, time=done.time_ms, groupid=group.id))


async def join_group(talk: Talk, request: requests.JoinGroup) -> None:
    user = talk.current_session().user
    groups = talk.chat.groups
    if request.groupid is not None:
        done, group = await groups.join(user, request.groupid, request.cid)
    else:
        done, group = await groups.join_by_name(user, request.groupname or "", request.cid)
    talk.acknowledge(
        request,
        Ack(
            at=done.at,
            time=done.time_ms,
            groupid=group.id,
            groupname=group.name,
            groupdesc=group.description,
        ),
    )


async def rename_group(talk: Talk, request: requests.RenameGroup) -> None:
    user = talk.current_session().user
    talk.meter.frames += talk.chat.group_chat.readers(request.groupid) / READERS_PER_FRAME
    done = await talk.chat.groups.rename(user, request.groupid, request.groupname, request.cid)
    talk.acknowledge(request, Ack(at=done.at, time=done.time_ms))


async def leave_group(talk: Talk, request: requests.LeaveGroup) -> None:
    user = talk.current_session().user
    done = await talk.chat.groups.leave(user, request.groupid, request.cid)
    talk.acknowledge(request, Ack(at=done.at, time=done.time_ms))


async def list_groups(talk: Talk, request: requests.ListGroups) -> None:
    user = talk.current_session().user
    page = await talk.chat.groups.own(user.id, request.after, request.limit)
    talk.answer(request, groups_ack(page, on_terminal=talk.is_on_terminal()))


async def list_members(talk: Talk, request: requests.ListMembers) -> None:
    user = talk.current_session().user
    page = await talk.chat.groups.members(user.id, request.groupid, request.after, request.limit)
    members = [MemberRow.of(member) for member in page.items]
    talk.answer(request, answers.MembersAck(groupid=request.groupid, users=members, next=page.next))


COMMANDS: dict[type[AnyRequest], Command] = {
    requests.Login: logging_in.log_in,
    requests.Resume: logging_in.resume,
    requests.Register: logging_in.register,
    requests.Logout: logging_in.log_out,
    requests.ChangePassword: logging_in.change_password,
    requests.ListSessions: logging_in.list_sessions,
    requests.EndSession: logging_in.end_session,
    requests.OneChat: one_chat,
    requests.GroupChat: group_chat,
    requests.Taken: taken,
    requests.Read: read,
    requests.Typing: typing,
    requests.Settings: settings,
    requests.Ping: ping,
    requests.Pong: pong,
    requests.ListConversations: list_conversations,
    requests.History: history,
    requests.AddFriend: add_friend,
    requests.RemoveFriend: remove_friend,
    requests.ListFriends: list_friends,
    requests.FindUser: find_user,
    requests.CreateGroup: create_group,
    requests.JoinGroup: join_group,
    requests.RenameGroup: rename_group,
    requests.LeaveGroup: leave_group,
    requests.ListGroups: list_groups,
    requests.ListMembers: list_members,
}


def ignore(talk: Talk, request: AnyRequest) -> None:
    """The C++ server's client cannot have meant this request."""


# A separate table, so that other clients' requests need no second lookup.
ORIGINAL_COMMANDS: dict[type[AnyRequest], Command] = {
    request: ignore if number_of(request) >= FIRST_OF_OURS else command
    for request, command in COMMANDS.items()
}
