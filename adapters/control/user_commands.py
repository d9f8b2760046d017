"""What an operator can ask for: a table from names to functions.

A function takes the node and the arguments that it names, and returns what JSON can hold.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import to_builtins

from adapters.control.group_commands import GROUP_COMMANDS
from adapters.wire.answers import GroupRow, SessionRow
from chat_domain.chat import Chat
from chat_domain.errors import BadNotice
from chat_domain.hints import MAX_NOTICE
from chat_domain.model import Claim, Entry, Message, Person, User
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
    return _user(await chat.administration.add(name, password))


async def set_password(chat: Chat, *, who: str, password: str) -> Result:
    return _user(await chat.administration.set_password(who, password))


async def log_out(chat: Chat, *, who: str) -> Result:
    user, was_online = await chat.administration.log_out(who)
    return _user(user) | {"was_online": was_online}


async def disable(chat: Chat, *, who: str) -> Result:
    return _user(await chat.administration.disable(who))


async def enable(chat: Chat, *, who: str) -> Result:
    return _user(await chat.administration.enable(who))


async def delete(chat: Chat, *, who: str, with_sent: bool = False) -> Result:
    return _user(await chat.administration.delete(who, with_sent=with_sent))


async def after_restore(chat: Chat) -> Result:
    return {"skipped": SKIPPED, "tokens": await chat.administration.after_restore()}


async def nodes(chat: Chat) -> Result:
    found = await chat.overview.nodes()
    return {"nodes": [{"node": one.node, "users": len(one.claims)} for one in found]}


async def who(chat: Chat) -> Result:
    claims = [claim for one in await chat.overview.nodes() for claim in one.claims]
    names = await chat.administration.users.names([claim.user_id for claim in claims])
    return {"users": [_claim(claim, names.get(claim.user_id)) for claim in claims]}


async def export(chat: Chat, *, who: str) -> Result:
    data = await chat.overview.export(await chat.administration.account(who))
    return {
        **_user(data.user),
        "disabled": data.disabled,
        "friends": [_user(friend) for friend in data.friends],
        "groups": [to_builtins(GroupRow.of(own)) for own in data.groups],
        "sessions": [to_builtins(SessionRow.of(one)) for one in data.tokens],
        "messages": [_message(message) for message in data.messages],
        "sent": [_sent(entry) for entry in data.sent],
    }


async def broadcast(chat: Chat, *, text: str) -> Result:
    if not 0 < len(text) <= MAX_NOTICE:
        raise BadNotice(MAX_NOTICE)
    chat.overview.broadcast(text)
    return {"online": sum(len(one.claims) for one in await chat.overview.nodes())}


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


def _user(user: User) -> Result:
    return {"id": user.id, "name": user.name}


def _person(one: Person) -> Result:
    node = one.claim.node if one.claim else None
    return _user(one.user) | {"disabled": one.disabled, "node": node}


def _claim(claim: Claim, name: str | None) -> Result:
    user = {"id": claim.user_id, "name": name}
    return user | {"node": claim.node, "session": claim.name}


def _message(message: Message) -> Result:
    sender = {"sender": message.sender_id, "sendername": message.sender_name}
    return {"mid": message.mid} | sender | _content(message)


def _sent(entry: Entry) -> Result:
    whose = {"mid": entry.message.mid, "recipient": entry.recipient_id}
    return whose | _content(entry.message)


def _content(message: Message) -> Result:
    return {"group": message.group_id or None, "time": message.time_ms, "text": message.text}
