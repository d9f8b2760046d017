"""Leases in a fake Redis: what is lost with one, and who takes over."""

import asyncio

import attrs
import pytest

from adapters.redis import lease
from chat_domain.errors import TryAgain
from chat_domain.notes import Notice
from tests.contract.places import KEYS, RedisPlace
from tests.eventually import eventually
from tests.unit.cluster.conftest import NewPlace


@attrs.frozen
class Two:
    first: RedisPlace
    second: RedisPlace

    async def second_has(self, *user_ids: int) -> None:
        """Let the second node have these users, each with their slot."""
        there = self.second.surroundings
        await there.presence.came(there.name, user_ids)
        for user_id in user_ids:
            assert await there.slots.claim(self.second.claim(user_id)) is None


@pytest.fixture
async def two(new_place: NewPlace) -> Two:
    first, second = await new_place(), await new_place()
    await asyncio.gather(first.join(), second.join())
    return Two(first, second)


async def test_a_node_without_a_lease_counts_for_nothing(two: Two) -> None:
    """From the moment that the lease is gone, its users are offline and their slots are free."""
    await two.second_has(1, 2)
    await two.second.lose_lease()
    presence, slots = two.first.surroundings.presence, two.first.surroundings.slots
    assert set(await presence.where([1, 2])) == set()
    assert await presence.where([1, 2]) == {}
    assert await presence.users_of(two.second.name) == []
    assert await slots.claim(two.first.claim(1)) is None
    assert await two.first.surroundings.lease.other_nodes() == set()


async def test_a_node_without_a_lease_cannot_say_who_is_there(two: Two) -> None:
    """It cannot claim a slot, either. Users who left it have left."""
    await two.second_has(1)
    await two.second.lose_lease()
    there = two.second.surroundings
    with pytest.raises(TryAgain):
        await there.presence.came(there.name, [2])
    with pytest.raises(TryAgain):
        await there.slots.claim(two.second.claim(2))
    await there.presence.left(there.name, [1])
    assert not await two.second.redis.exists(KEYS.present(there.name))


async def test_one_survivor_takes_over_from_a_dead_node(two: Two, new_place: NewPlace) -> None:
    """It is told who was there, and nothing of the node is left in Redis."""
    third = await new_place()
    await third.join()
    await two.second_has(1, 2)
    await two.second.lose_lease()
    survivors = (two.first, third)
    await asyncio.gather(*(place.look_after_lease() for place in survivors))
    await eventually(lambda: any(place.node.left_behind for place in survivors))
    assert [*two.first.node.left_behind, *third.node.left_behind] == [{1, 2}]
    there = [KEYS.present(two.second.name), KEYS.claims(two.second.name), KEYS.slot(1)]
    assert not await two.first.redis.exists(*there)
    assert two.second.name.encode() not in await two.first.redis.smembers(KEYS.nodes)


async def test_a_slot_that_somebody_has_by_now_is_not_taken_with_a_dead_node_s(two: Two) -> None:
    """It was claimed again between the end of the lease and the takeover. It is not taken even if
    the dead node's claims seem to have it."""
    await two.second_has(1)
    await two.second.lose_lease()
    await two.first.surroundings.slots.claim(two.first.claim(1))
    assert not await two.first.redis.exists(KEYS.claims(two.second.name))
    await two.first.redis.sadd(KEYS.claims(two.second.name), 1)
    await two.first.look_after_lease()
    assert await two.first.surroundings.slots.own(two.first.name) == [two.first.claim(1)]


async def test_a_node_that_has_lost_its_lease_is_suspended_until_it_has_resumed(two: Two) -> None:
    """It has a lease again by then, so that it can say who is there. If it cannot resume, it tries
    again."""
    await two.second.look_after_lease()
    assert two.second.node.suspensions == 0
    await two.second.lose_lease()
    two.second.node.fails = TryAgain()
    with pytest.raises(TryAgain):
        await two.second.look_after_lease()
    assert two.second.node.suspended
    await two.second_has(1)
    two.second.node.fails = None
    await two.second.look_after_lease()
    assert not two.second.node.suspended
    assert two.second.node.suspensions == 1


async def test_nobody_claims_a_new_slot_while_claims_may_be_missing(two: Two) -> None:
    """After Redis has lost its keys, claims are made again; new ones have to wait."""
    await two.second_has(1)
    await two.first.redis.flushall()
    await two.first.look_after_lease()
    slots = two.first.surroundings.slots
    with pytest.raises(TryAgain):
        await slots.claim(two.first.claim(1))
    await two.second.look_after_lease()
    assert two.second.node.suspensions == 1
    assert await two.second.surroundings.slots.reclaim([two.second.claim(1)]) == []
    await two.first.redis.delete(KEYS.settling)  # it expires by itself
    assert await slots.claim(two.first.claim(1)) == two.second.claim(1)


async def test_nobody_is_taken_for_offline_while_presence_may_be_missing(two: Two) -> None:
    """After Redis has lost its keys, each node has to say again who is there."""
    await two.second_has(1)
    presence, there = two.first.surroundings.presence, two.second.surroundings
    await two.first.redis.flushall()
    for place in (two.first, two.second):
        with pytest.raises(TryAgain):
            await presence.where([1], complete=True)
        assert await presence.where([1]) == {}
        await place.look_after_lease()
    await there.presence.came(there.name, [1])
    await two.first.redis.delete(KEYS.settling)  # it expires by itself
    assert await presence.where([1], complete=True) == {1: [there.name]}


async def test_who_has_lost_the_lease_does_not_ask_who_is_online(
    two: Two, new_place: NewPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis may hang, and each question would take seconds. A program that is no node has had no
    lease, and asks."""
    await two.second_has(1)
    visitor = await new_place()
    passed = lease._now() + lease.LEASE_TIME
    monkeypatch.setattr(lease, "_now", lambda: passed)
    with pytest.raises(TryAgain):
        await two.first.surroundings.presence.where([1], complete=True)
    there = {1: [two.second.name]}
    assert await two.first.surroundings.presence.where([1]) == there
    assert await visitor.surroundings.presence.where([1], complete=True) == there


async def test_nodes_that_start_together_claim_slots_at_once(two: Two) -> None:
    """A new Redis has lost nothing, even if several nodes find it empty at the same time."""
    assert not await two.first.redis.exists(KEYS.settling)
    for user_id, place in enumerate((two.first, two.second), 1):
        assert await place.surroundings.slots.claim(place.claim(user_id)) is None


async def test_a_new_node_claims_no_slot_of_who_may_be_elsewhere(
    two: Two, new_place: NewPlace
) -> None:
    """It finds no keys, but nodes that have had a lease, so keys were lost."""
    await two.second_has(1)
    await two.first.redis.flushall()
    third = await new_place()
    await third.join()
    with pytest.raises(TryAgain):
        await third.surroundings.slots.claim(third.claim(1))


async def test_a_node_that_leaves_takes_all_of_its_own_with_it(two: Two) -> None:
    """Nobody has to take over from it."""
    await two.second_has(1, 2)
    await two.second.leave()
    keys = set(await two.first.redis.keys())
    left = (KEYS.nodes, KEYS.born, KEYS.lease(two.first.name))
    assert keys == {key.encode() for key in left}
    assert await two.first.redis.smembers(KEYS.nodes) == {two.first.name.encode()}


@pytest.mark.parametrize("turns", range(8))
async def test_a_node_that_hears_something_while_it_leaves_leaves(two: Two, turns: int) -> None:
    """It does so whatever its driver makes of a cancellation at that moment."""
    two.first.surroundings.broker.broadcast(Notice("good bye"))
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await two.second.leave()


async def test_what_a_node_claims_is_looked_at_now_and_then(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node does this besides renewing its lease."""
    monkeypatch.setattr(lease, "RENEWED_EVERY", 0.01)
    keeping = asyncio.create_task(two.first.cluster.lease.keep(two.first.node.node))
    await eventually(lambda: two.first.node.audits >= 2)
    keeping.cancel()
