from chat_domain.entries import FOREVER
from chat_domain.ports.store import Store
from entrypoints.services.database import DATABASE
from tests.contract.groups import *  # noqa: F403  # the promises, for the store of this folder
from tests.contract.making import create, register

from .conftest import Ask, counted

ROWS = 2_000  # of Member
READ_BY_INDEX = "Handler_read_next", "Handler_read_prev"  # rows


async def test_nobody_goes_through_those_who_have_left(store: Store, ask: Ask) -> None:
    """Whoever can join a group can leave it again, so there may be any number of them."""
    (ann,) = await register(store, "Ann")
    group = await create(store, ann, "Chess")
    users = range(ann + 1, ann + 1 + ROWS)
    ask(
        f"INSERT INTO {DATABASE}.User (id, name, namekey, skeleton, keyskeleton, password) VALUES"
        + ",".join(f" ({user}, {user}, {user}, {user}, {user}, '')" for user in users)
    )
    ask(
        f"INSERT INTO {DATABASE}.Member (userid, conv, joined, since, `left`) VALUES"
        + ",".join(f" ({user}, {group.id}, 1, 0, 2)" for user in users)
    )
    ask(f"UPDATE {DATABASE}.Member SET `left` = {FOREVER} WHERE userid = {users[-1]}")  # noqa: S608
    before = counted(ask, *READ_BY_INDEX)
    members = await store.groups.members(group.id, 0, 9)
    assert [member.id for member in members] == [ann, users[-1]]
    assert await store.groups.size(group.id) == 2
    assert [shown.members for shown in await store.groups.page(0, 9)] == [2]
    assert counted(ask, *READ_BY_INDEX) - before < ROWS
