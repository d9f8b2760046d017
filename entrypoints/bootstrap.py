"""The one place where the parts are chosen and put together."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from adapters.gateway.gateway import Gateway
from adapters.gateway.tasks import BackgroundTasks
from adapters.memory import memory_store
from adapters.memory.presence import LocalPresence
from adapters.passwords import Argon2Hasher
from adapters.sqlite import sqlite_store
from adapters.system import RandomIds, SystemClock
from chat_domain.accounts import Accounts
from chat_domain.announcer import Announcer
from chat_domain.chat import Chat
from chat_domain.delivery import Delivery
from chat_domain.friends import FriendList
from chat_domain.group_chat import GroupChat
from chat_domain.groups import GroupMembership
from chat_domain.login import Logins
from chat_domain.offline import Offline
from chat_domain.p2p import OneToOne
from chat_domain.ports import Clock, Hasher, Ids, Presence, Store, Tasks
from chat_domain.rosters import Rosters
from chat_domain.sessions import Sessions
from entrypoints.settings import BadSettings, Settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Gateway]:
    """A gateway with all that the settings name behind it. Raises BadSettings, StoreUnusable."""
    if settings.broker != "memory://":
        raise BadSettings(f"broker: {settings.broker!r} is nothing that this program knows")
    hasher = Argon2Hasher(cheap=settings.hashing == "cheap")
    try:
        async with open_store(settings) as store:
            tasks = BackgroundTasks()
            chat = assemble(
                store,
                LocalPresence(),
                hasher=hasher,
                clock=SystemClock(),
                ids=RandomIds(),
                tasks=tasks,
                second_login_replaces=settings.second_login == "replace",
            )
            yield Gateway(chat, tasks)
    finally:
        hasher.close()


def open_store(settings: Settings) -> AbstractAsyncContextManager[Store]:
    """The store that the settings name, not opened yet. Raises BadSettings."""
    scheme, separator, rest = settings.store.partition("://")
    if scheme == "memory" and separator and not rest:
        return _memory(settings.mailbox_capacity)
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return sqlite_store(Path(rest[1:]), mailbox_capacity=settings.mailbox_capacity)
    raise BadSettings(f"store: {settings.store!r} is neither sqlite:///FILE nor memory://")


@asynccontextmanager
async def _memory(mailbox_capacity: int) -> AsyncIterator[Store]:
    yield memory_store(mailbox_capacity=mailbox_capacity)


def assemble(
    store: Store,
    presence: Presence,
    *,
    hasher: Hasher,
    clock: Clock,
    ids: Ids,
    tasks: Tasks,
    node: str = "alone",
    second_login_replaces: bool = False,
) -> Chat:
    """The use cases over these ports."""
    sessions = Sessions()
    offline = Offline(store.mailbox, tasks)
    delivery = Delivery(sessions, store.mailbox, offline, clock, ids)
    rosters = Rosters(store.groups)
    announcer = Announcer(store.users, store.friends, presence, sessions, tasks)
    return Chat(
        accounts=Accounts(store.users, store.tokens, hasher, clock, ids),
        logins=Logins(presence, sessions, delivery, announcer, ids, node, second_login_replaces),
        friends=FriendList(store.users, store.friends, presence),
        groups=GroupMembership(store.groups, rosters, presence),
        one_to_one=OneToOne(delivery),
        group_chat=GroupChat(delivery, rosters),
        offline=offline,
        delivery=delivery,
        sessions=sessions,
    )
