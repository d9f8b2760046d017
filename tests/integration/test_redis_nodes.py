"""A real Redis does what the fake of unit tests does, scripts and all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from adapters.redis import client_of
from entrypoints.services.redis import Redis
from tests.contract.nodes import *  # noqa: F403  # the promises of what connects nodes
from tests.contract.nodes import Two
from tests.contract.places import KEYS, RedisPlace, on_redis
from tests.eventually import eventually


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with Redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def places(server: Redis) -> AsyncIterator[tuple[RedisPlace, RedisPlace]]:
    async with AsyncExitStack() as stack:
        first, second = [await on_redis(stack, client_of(server.url())) for _ in range(2)]
        await first.redis.flushall()
        await asyncio.gather(first.join(), second.join())
        yield first, second


@pytest.fixture
def two(places: tuple[RedisPlace, RedisPlace]) -> Two:
    return Two(*places)


async def test_one_survivor_takes_over(places: tuple[RedisPlace, RedisPlace]) -> None:
    """It is told who was on a node without a lease, and removes that node's traces."""
    first, second = places
    await second.surroundings.presence.came(second.name, [1, 2])
    await second.surroundings.slots.claim(second.claim(1))
    await second.lose_lease()
    assert set(await first.surroundings.presence.where([1, 2])) == set()
    await first.look_after_lease()
    await eventually(lambda: first.node.left_behind == [{1, 2}])
    there = [KEYS.present(second.name), KEYS.claims(second.name), KEYS.slot(1)]
    assert not await first.redis.exists(*there)
    await second.look_after_lease()
    assert second.node.suspensions == 1


async def test_what_is_of_another_type_is_in_nobody_s_way(
    places: tuple[RedisPlace, RedisPlace],
) -> None:
    """Another program may have put it there."""
    first, _ = places
    there = first.surroundings
    for key in (KEYS.nodes, KEYS.present(first.name), KEYS.claims(first.name)):
        await first.redis.set(key, "no set")
    await first.redis.delete(KEYS.slot(1))
    await first.redis.rpush(KEYS.slot(1), "no claim")
    await first.look_after_lease()
    await there.presence.came(first.name, [1])
    assert await there.slots.claim(first.claim(1)) is None
    assert await there.presence.where([1]) == {1: [first.name]}
    assert await there.slots.own(first.name) == [first.claim(1)]
