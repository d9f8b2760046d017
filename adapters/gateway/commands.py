"""What each request does: a table from requests to functions.

A function returns None if its request is done, otherwise a coroutine that finishes it. The client
is told of each ChatError that either raises.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from adapters.gateway import logging_in
from adapters.gateway.client_context import ClientContext
from adapters.wire import answers, requests
from adapters.wire.answers import Ack, FriendRow, MemberRow
from adapters.wire.declaring import AnyRequest
from adapters.wire.pages import conversations_ack, groups_ack, history_ack
from chat_domain.errors import NotSentYet
from chat_domain.fairness.meter import READERS_PER_FRAME

Unfinished = Coroutine[Any, Any, None]
Command = Callable[[ClientContext, Any], Unfinished | None]


def one_chat(context: ClientContext, request: requests.OneChat) -> Unfinished | None:
    session = context.session
    if session is None or session.ended:  # `current_session`, without a call for each message
        raise context.not_logged_in()
    return context.chat.one_to_one.send(session, request.toid, request)


def group_chat(context: ClientContext, request: requests.GroupChat) -> None:
    session = context.current_session()
    _charge_for_telling(context, request.groupid)
    context.chat.writing.write(session, request.groupid, request)


def taken(context: ClientContext, request: requests.Taken) -> None:
    session = context.current_session()
    if context.client is not None and not context.client.sends_taken:
        raise NotSentYet(request.at, 0)  # version 1 has no positions
    context.meter.free += 1
    context.chat.marks.record_taken(session, request.at)


async def read(context: ClientContext, request: requests.Read) -> None:
    session = context.current_session()
    conv = request.conv_of(session.user.id)
    if await context.chat.read_marks.read(session, conv, request.at):
        _charge_for_telling(context, conv)
    context.acknowledge(request)


def typing(context: ClientContext, request: requests.Typing) -> Unfinished | None:
    session = context.current_session()
    conv = request.conv_of(session.user.id)
    passing_on = context.chat.typing.report(session, conv)
    return None if passing_on is None else _finish_typing(context, conv, passing_on)


async def _finish_typing(
    context: ClientContext, conv: int, passing_on: Coroutine[Any, Any, bool]
) -> None:
    if await passing_on:
        _charge_for_telling(context, conv)


async def settings(context: ClientContext, request: requests.Settings) -> None:
    session, own = context.current_session(), context.chat.settings
    user_id = session.user.id
    conv = request.conv_of(user_id)
    muting = None if conv is None else await own.mute(session, conv, request.muted)
    preferences = await own.change(
        session, hide_read=request.hide_read, hide_typing=request.hide_typing
    )
    context.answer(request, answers.SettingsAck.of(preferences, muting, user_id))


def ping(context: ClientContext, request: requests.Ping) -> None:
    context.meter.free += 1
    if context.takes_errors():
        context.answer(request, answers.Pong(at=context.position()))


def pong(context: ClientContext, request: requests.Pong) -> None:  # noqa: ARG001  # see COMMANDS
    """A sign of life, like every frame."""
    context.meter.free += 1


async def list_conversations(context: ClientContext, request: requests.ListConversations) -> None:
    user = context.current_session().user
    page = await context.chat.history.conversations(user.id, request.before, request.limit)
    context.answer(request, conversations_ack(user.id, page, on_terminal=context.is_on_terminal()))


async def history(context: ClientContext, request: requests.History) -> None:
    user = context.current_session().user
    conv = request.conv_of(user.id)
    part = await context.chat.history.part(
        user.id, conv, request.before, request.after, request.limit
    )
    context.answer(request, history_ack(user.id, part, on_terminal=context.is_on_terminal()))


async def add_friend(context: ClientContext, request: requests.AddFriend) -> None:
    user = context.current_session().user
    who = request.friendname or "" if request.friendid is None else request.friendid
    friend = await context.chat.friends.add(user.id, who)
    context.acknowledge(request, Ack(friend=FriendRow.of(friend)))


async def remove_friend(context: ClientContext, request: requests.RemoveFriend) -> None:
    await context.chat.friends.remove(context.current_session().user.id, request.friendid)
    context.acknowledge(request)


async def list_friends(context: ClientContext, request: requests.ListFriends) -> None:
    user = context.current_session().user
    page = await context.chat.friends.page(user.id, request.after, request.limit)
    friends = [FriendRow.of(friend) for friend in page.items]
    context.answer(request, answers.FriendsAck(friends=friends, next=page.next))


async def find_user(context: ClientContext, request: requests.FindUser) -> None:
    context.current_session()
    found = await context.chat.friends.find(request.name)
    context.answer(request, answers.FindUserAck.of(found))


async def create_group(context: ClientContext, request: requests.CreateGroup) -> None:
    user = context.current_session().user
    done, group = await context.chat.groups.create(
        user, request.groupname, request.groupdesc, request.cid
    )
    context.acknowledge(request, Ack(at=done.at, time=done.time_ms, groupid=group.id))


async def join_group(context: ClientContext, request: requests.JoinGroup) -> None:
    user = context.current_session().user
    groups = context.chat.groups
    if request.groupid is not None:
        done, group = await groups.join(user, request.groupid, request.cid)
    else:
        done, group = await groups.join_by_name(user, request.groupname or "", request.cid)
    _charge_for_telling(context, group.id)
    context.acknowledge(
        request,
        Ack(
            at=done.at,
            time=done.time_ms,
            groupid=group.id,
            groupname=group.name,
            groupdesc=group.description,
        ),
    )


async def rename_group(context: ClientContext, request: requests.RenameGroup) -> None:
    user = context.current_session().user
    _charge_for_telling(context, request.groupid)
    done = await context.chat.groups.rename(user, request.groupid, request.groupname, request.cid)
    context.acknowledge(request, Ack(at=done.at, time=done.time_ms))


async def leave_group(context: ClientContext, request: requests.LeaveGroup) -> None:
    user = context.current_session().user
    _charge_for_telling(context, request.groupid)
    done = await context.chat.groups.leave(user, request.groupid, request.cid)
    context.acknowledge(request, Ack(at=done.at, time=done.time_ms))


def _charge_for_telling(context: ClientContext, conv: int) -> None:
    """Charge a client for what all members are told, if this conversation is a group's."""
    context.meter.frames += context.chat.crowds.readers(conv) / READERS_PER_FRAME


async def list_groups(context: ClientContext, request: requests.ListGroups) -> None:
    user = context.current_session().user
    page = await context.chat.groups.page(user.id, request.after, request.limit)
    context.answer(request, groups_ack(page, on_terminal=context.is_on_terminal()))


async def list_members(context: ClientContext, request: requests.ListMembers) -> None:
    user = context.current_session().user
    page = await context.chat.groups.members(user.id, request.groupid, request.after, request.limit)
    members = [MemberRow.of(member) for member in page.items]
    context.answer(
        request, answers.MembersAck(groupid=request.groupid, users=members, next=page.next)
    )


def ignore(context: ClientContext, request: AnyRequest) -> None:
    """In place of the command, for a client that cannot have meant the request."""


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
