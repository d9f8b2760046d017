"""What the store promises about deleting, even if several nodes do it at the same time."""

import asyncio

from chat_domain.entries import pair
from chat_domain.ports.store import Store
from entrypoints.services.database import DATABASE
from tests.contract.forgetting import *  # noqa: F403  # the promises, for the store of this folder
from tests.contract.forgetting import aged, kept
from tests.contract.making import MADE, create, register, say
from tests.integration.mysql.conftest import Ask


async def test_what_two_nodes_forget_is_deleted_once(store: Store, neighbour: Store) -> None:
    """Neither disturbs the other, and what is written meanwhile is kept."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    for _ in range(10):
        await aged(store, ann, pair(ann, bob), *range(20))
        await aged(store, ann, group.id, *range(20))

    async def forget(node: Store) -> int:
        number = 0
        while piece := await node.log.forget(MADE + 100, 7):
            number += piece
        return number

    async def forget_of_the_group(node: Store) -> None:
        while await node.log.forget_of(group.id, MADE + 100, 5):
            pass

    writing = [say(store, bob, pair(ann, bob), str(number)) for number in range(5)]
    ways = [forget, forget_of_the_group, forget]
    await asyncio.gather(*(way(node) for way in ways for node in (store, neighbour)), *writing)
    while (await forget(store)) + (await forget(neighbour)):
        pass
    assert await kept(store) == []
    ends = await neighbour.log.ends()
    assert (ends.head, ends.oldest) == (406, 407)


async def test_a_message_does_not_wait_for_what_is_deleted(store: Store, ask: Ask) -> None:
    """Deleting locks no row that a message needs."""
    ann, bob = await register(store, "Ann", "Bob")
    await aged(store, ann, pair(ann, bob), 1)
    ask("BEGIN")
    try:
        ask(f"UPDATE {DATABASE}.LogEnds SET oldest = 2")  # noqa: S608  # a constant
        ask(f"DELETE FROM {DATABASE}.Entry WHERE at = 1")  # noqa: S608  # a constant
        (said,) = await say(store, bob, pair(ann, bob), "hello")
        assert said.at == 2
    finally:
        ask("ROLLBACK")
