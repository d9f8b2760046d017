"""Many people at once, written into a store before any server opens it."""

import asyncio

from adapters.passwords import Argon2Hasher
from chat_domain.entries import EVERYWHERE, ChangeKind
from chat_domain.names import Name
from chat_domain.ports.store import Store
from tests.contract.making import append, change, create

AT_ONCE = 25  # changes in a batch, which a store has to commit in time on any machine


async def people(store: Store, count: int, password: str) -> list[int]:
    """Make so many users; return their ids."""
    hasher = Argon2Hasher(cheap=True)
    secret = await hasher.hash(password)
    hasher.close()
    names = (Name.parse(f"member {number}") for number in range(count))
    return list(await asyncio.gather(*(store.users.add(name, secret) for name in names)))


async def large_group(store: Store, count: int, password: str) -> tuple[int, list[int]]:
    """Make a group; return its id and its members, the first of whom made it. All of them have
    been told who is in it."""
    users = await people(store, count, password)
    group = await create(store, users[0], "everybody")
    for start in range(1, count, AT_ONCE):
        joining = users[start : start + AT_ONCE]
        await append(store, *(change(ChangeKind.JOINED, user, group.id) for user in joining))
    head = (await store.log.ends()).head
    await store.log.mark(dict.fromkeys(((user, EVERYWHERE) for user in users), head))
    return group.id, users
