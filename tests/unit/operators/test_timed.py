"""A store's operations are timed from outside, and its failures are counted."""

import pytest

from adapters.gateway.tally import Tally
from adapters.memory import memory_store
from adapters.memory.nodes import Hub
from adapters.operators.timed import timed_store, timed_surroundings
from chat_domain.entries import Batch, EntryRef, pair
from chat_domain.errors import TryAgain
from tests.contract.making import register, say
from tests.unit.world import World

NOTHING = Batch((), "", 0, EntryRef())


async def test_each_operation_is_measured_on_its_own() -> None:
    tally = Tally()
    store = timed_store(memory_store(), tally)
    anna, bert = await register(store, "anna", "bert")
    await say(store, anna, pair(anna, bert), "hello")
    counted = {name: sum(waits.counts) for name, waits in tally.durations.items()}
    assert counted == {("users", "add"): 2, ("log", "ends"): 1, ("log", "append"): 1}
    assert not +tally.failures


async def test_what_cannot_be_done_is_counted() -> None:
    """The failure may be raised, or be the outcome of a batch."""
    world, tally = World(), Tally()
    world.log.failing = True
    store = timed_store(world.store, tally)
    with pytest.raises(TryAgain):
        await store.log.ends()
    outcomes: list[object] = []
    store.log.append(NOTHING, outcomes.append)
    world.settle()
    assert [type(outcome) for outcome in outcomes] == [TryAgain]
    assert tally.failures == {("log", "ends"): 1, ("log", "append"): 1}


async def test_an_append_takes_until_it_is_told() -> None:
    """The call itself returns earlier."""
    world, tally = World(), Tally()
    world.log.slow_writes = True
    store = timed_store(world.store, tally)
    waits = tally.durations
    store.log.append(NOTHING, lambda _: None)
    assert sum(waits["log", "append"].counts) == 0
    world.log.serve()
    world.settle()
    assert sum(waits["log", "append"].counts) == 1


async def test_the_presence_and_the_slots_are_measured() -> None:
    tally = Tally()
    surroundings = timed_surroundings(Hub().surroundings("alone"), tally)
    await surroundings.presence.where([1])
    await surroundings.slots.own("alone")
    assert {name: sum(waits.counts) for name, waits in tally.durations.items()} == {
        ("presence", "where"): 1,
        ("slots", "own"): 1,
    }
