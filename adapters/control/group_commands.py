"""The operator's commands about groups. An answer has the `group` and the `user` that it concerns,
each with id and name."""

from collections.abc import Awaitable, Callable
from typing import Any

from chat_domain.chat import Chat
from chat_domain.model import Group, Member, SizedGroup, User

Result = dict[str, Any]


async def list_groups(chat: Chat, *, after: int, limit: int, containing: str = "") -> Result:
    page = await chat.group_administration.page(after, limit, containing)
    return {"groups": [_sized(one) for one in page.items], "next": page.next}


async def members(chat: Chat, *, group: str, after: int, limit: int) -> Result:
    found, page = await chat.group_administration.members(group, after, limit)
    people = [_member(member) for member in page.items]
    return {"group": named(found), "users": people, "next": page.next}


async def rename(chat: Chat, *, group: str, name: str) -> Result:
    before, renamed = await chat.group_administration.rename(group, name)
    return {"group": named(renamed), "before": before.name}


async def history(chat: Chat, *, group: str, shown: str) -> Result:
    found = await chat.group_administration.show_history(group, whole=shown == "all")
    return {"group": named(found), "shown": shown}


async def keep(chat: Chat, *, group: str, days: int) -> Result:
    found, before = await chat.group_administration.keep(group, days)
    return {"group": named(found), "days": days, "before": before}


async def remove(chat: Chat, *, group: str, who: str) -> Result:
    found, user = await chat.group_administration.remove(group, who)
    return {"group": named(found), "user": named(user)}


async def end(chat: Chat, *, group: str) -> Result:
    return {"group": named(await chat.group_administration.end(group))}


GROUP_COMMANDS: dict[str, Callable[..., Awaitable[Result]]] = {
    "groups list": list_groups,
    "groups members": members,
    "groups rename": rename,
    "groups history": history,
    "groups keep": keep,
    "groups remove": remove,
    "groups end": end,
}


def named(one: Group | User) -> Result:
    return {"id": one.id, "name": one.name}


def _sized(one: SizedGroup) -> Result:
    return named(one.group) | {"members": one.members, "keep_days": one.keep_days}


def _member(one: Member) -> Result:
    return {"id": one.id, "name": one.name, "role": one.role.value, "online": one.online}
