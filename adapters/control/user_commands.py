"""The operator's commands: a table from names to functions.

A function takes the node's chat and the arguments that it names, and returns a JSON-compatible
dictionary.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import to_builtins

from adapters.control.group_commands import GROUP_COMMANDS, named
from adapters.wire.answers import GroupRow, SessionRow
from chat_domain.chat import Chat
from chat_domain.entries import Entry, is_group, people
from chat_domain.model import Account, Person
from chat_domain.operators.administration import SKIPPED

Result = dict[str, Any]


async def list_users(chat: Chat, *, after: int, limit: int) -> Result:
    page = await chat.administration.people(after, limit)
    return {"users": [_person(one) for one in page.items], "next": page.next}


async def find(chat: Chat, *, text: str, limit: int) -> Result:
    if text.isascii() and text.isdigit():
        return {"users": [_person(await chat.administration.person(text))], "next": None}
    page = await chat.administration.people(0, limit, text)
    return {"users": [_person(one) for one in page.items], "next": page.next}


async def add(chat: Chat, *, name: str, password: str) -> Result:
    return named(await chat.registration.register(name, password))


async def set_password(chat: Chat, *, who: str, password: str) -> Result:
    return named(await chat.administration.set_password(who, password))


async def log_out(chat: Chat, *, who: str) -> Result:
    user, was_online = await chat.administration.log_out(who)
    return named(user) | {"was_online": was_online}


async def disable(chat: Chat, *, who: str) -> Result:
    return named(await chat.administration.disable(who))


async def enable(chat: Chat, *, who: str) -> Result:
    return named(await chat.administration.enable(who))


async def delete(chat: Chat, *, who: str, with_sent: bool = False) -> Result:
    return named(await chat.administration.delete(who, with_sent=with_sent))


async def after_restore(chat: Chat) -> Result:
    return {"skipped": SKIPPED, "tokens": await chat.administration.after_restore()}


async def nodes(chat: Chat) -> Result:
    found = await chat.overview.nodes()
    return {"nodes": [{"node": node, "users": len(users)} for node, users in found.items()]}


async def who(chat: Chat) -> Result:
    nodes = await chat.overview.nodes()
    found = [(node, user_id) for node, users in nodes.items() for user_id in users]
    names = await chat.administration.users.names([user_id for _, user_id in found])
    users = [{"id": one, "name": names.get(one), "node": node} for node, one in found]
    return {"users": users}


async def export(chat: Chat, *, who: str, after: int = 0, upto: int = 0) -> Result:
    """The first part of an export, or the part above the position `after`, which has nothing but
    entries. If `next` is not None, the following part is above that. upto: as in the first part."""
    account = await chat.administration.account(who)
    upto = upto or (await chat.overview.store.log.ends()).head
    part = await chat.overview.entries(account.user.id, after, upto)
    found = named(account.user) | {
        "entries": [_entry(entry) for entry in part.entries],
        "next": part.upto if part.upto < upto else None,
        "upto": upto,
    }
    return found if after else await _exported(chat, account) | found


async def _exported(chat: Chat, account: Account) -> Result:
    user, overview = account.user, chat.overview
    return {
        **named(user),
        "disabled": account.disabled,
        "friends": [named(friend) for friend in await overview.friends(user.id)],
        "groups": [to_builtins(GroupRow.of(own)) for own in await overview.groups(user.id)],
        "sessions": [to_builtins(SessionRow.of(one)) for one in await chat.devices.resumable(user)],
    }


async def broadcast(chat: Chat, *, text: str) -> Result:
    chat.notices.tell(text)
    return {"online": sum(map(len, (await chat.overview.nodes()).values()))}


COMMANDS: dict[str, Callable[..., Awaitable[Result]]] = {
    "list": list_users,
    "find": find,
    "add": add,
    "set-password": set_password,
    "log-out": log_out,
    "disable": disable,
    "enable": enable,
    "delete": delete,
    "after-restore": after_restore,
    "nodes": nodes,
    "who": who,
    "export": export,
    "broadcast": broadcast,
    **GROUP_COMMANDS,
}


def _person(one: Person) -> Result:
    return named(one.user) | {"disabled": one.disabled, "nodes": list(one.nodes)}


def _entry(entry: Entry) -> Result:
    """An entry for export. `with` holds both users of a conversation that is not a group's."""
    group = is_group(entry.conv)
    where = {"group": entry.conv} if group else {"with": list(people(entry.conv))}
    sender = {"sender": entry.sender_id, "sendername": entry.sender_name}
    said = {"text": entry.text} if entry.change is None else {"change": to_builtins(entry.change)}
    return {"at": entry.at, "time": entry.time_ms} | where | sender | said
