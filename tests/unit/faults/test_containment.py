"""A port raises only what it promises, whatever its adapter raises."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.faults.containment import contained_store, contained_surroundings
from adapters.faults.incidents import INCIDENTS
from adapters.memory import memory_store
from adapters.memory.nodes import Hub
from chat_domain.entries import pair
from chat_domain.errors import NameTaken, TryAgain
from chat_domain.names import Name
from entrypoints.bootstrap import open_gateway, open_without_node
from entrypoints.settings import Settings
from tests.contract.making import register, say

UNHASHABLE: Any = []  # no store takes it for an id, or for a batch


async def test_a_defect_of_the_store_is_told_and_becomes_try_again() -> None:
    """So its caller goes on as with any store that cannot do it now."""
    store = contained_store(memory_store())
    with capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(TryAgain):
                await store.users.find(UNHASHABLE)
    assert INCIDENTS.defects == {"store": 3}
    assert [(line["event"], line["where"]) for line in lines] == [("defect", "store")]


async def test_what_a_store_promises_passes() -> None:
    """Both results and refusals pass."""
    store = contained_store(memory_store())
    user_id = await store.users.add(Name.parse("anna"), "secret")
    with pytest.raises(NameTaken):
        await store.users.add(Name.parse("anna"), "secret")
    assert await store.users.names([user_id]) == {user_id: "anna"}
    assert INCIDENTS.defects == {"store": 0}


async def test_a_batch_that_a_store_stumbles_over_has_an_answer() -> None:
    """It has one answer, in a turn of its own, like any other batch."""
    store = contained_store(memory_store())
    outcomes: list[object] = []
    with capture_logs() as lines:
        store.log.append(UNHASHABLE, outcomes.append)
        assert outcomes == []
        await asyncio.sleep(0)
    assert [type(outcome) for outcome in outcomes] == [TryAgain]
    assert [(line["event"], line["where"]) for line in lines] == [("defect", "store")]


async def test_what_the_log_says_to_a_batch_passes() -> None:
    store = contained_store(memory_store())
    anna, bert = await register(store, "anna", "bert")
    (said,) = await say(store, anna, pair(anna, bert), "hello")
    assert said.at == 1
    assert INCIDENTS.defects == {"store": 0}


async def test_a_defect_of_the_presence_is_no_more() -> None:
    """It is only counted and becomes TryAgain, and so is one of version 1's slots."""
    surroundings = contained_surroundings(Hub().surroundings("alone"))
    with pytest.raises(TryAgain):
        await surroundings.presence.came("alone", [UNHASHABLE])
    with pytest.raises(TryAgain):
        await surroundings.slots.claim(UNHASHABLE)
    assert INCIDENTS.defects == {"presence": 2}


async def test_servers_and_visitors_have_it_so() -> None:
    """Stores are contained with metrics and without."""
    for port in (0, 1):
        async with open_gateway(
            Settings(store="memory://", hashing="cheap", http_port=port)
        ) as gateway:
            with pytest.raises(TryAgain):
                await gateway.shared.chat.overview.store.users.find(UNHASHABLE)
    async with open_without_node(Settings(store="memory://", hashing="cheap")) as chat:
        with pytest.raises(TryAgain):
            await chat.overview.presence.came(UNHASHABLE, [])
