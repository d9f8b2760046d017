"""One run: people talk while things break, then everything is whole again and becomes quiet."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import attrs

from adapters.client.chat_client import ChatClient
from adapters.mysql import mysql_store
from tests.delivery.faults import Faults
from tests.delivery.history import History, facts_of
from tests.delivery.network import Door, doors
from tests.delivery.person import Person
from tests.delivery.schedule import plan
from tests.integration.cluster import Cluster

QUIET = 3.0  # seconds without a message; marks are written within
READ_AT_ONCE = 1_000  # entries
_QUIET_WITHIN = 20.0
_PRESENCE_WITHIN = 20.0  # a lease, and a session's slow end


@attrs.frozen
class Size:
    people: int = 12
    groups: int = 6
    makers: int = 3  # of groups; each makes as many


@asynccontextmanager
async def _populated(
    history: History, open_doors: Sequence[Door], seed: int, size: Size
) -> AsyncIterator[list[Person]]:
    """People who are registered and in groups."""
    everybody: list[int] = []
    groups: list[int] = []
    people = [
        await _newcomer(history, door, random.Random(f"{seed} {number}"), everybody, groups)
        for number, door in enumerate(open_doors)
    ]
    everybody += [person.id for person in people]
    try:
        for number in range(size.groups):
            await _make_group(people[number % size.makers], number, groups)
        for person in people:
            for group in groups:
                if group not in person.own_groups and person.rng.random() < 0.5:
                    await person.join(group)
        yield people
    finally:
        for person in people:
            await person.part()


async def _newcomer(
    history: History, door: Door, rng: random.Random, everybody: list[int], groups: list[int]
) -> Person:
    name = f"person {door.port}"
    async with ChatClient.connect("127.0.0.1", door.port) as client:
        user = door.user = await client.register(name, "secret")
    history.note("user", user=user, name=name)
    return Person(user, name, "secret", door.port, history, rng, everybody, groups)


async def _make_group(maker: Person, number: int, groups: list[int]) -> None:
    process = await maker.be_here()
    group = await process.client.create_group(f"{maker.name}'s group {number}")
    maker.own_groups.append(group.id)
    groups.append(group.id)


async def run(
    cluster: Cluster,
    history: History,
    seed: int,
    seconds: float,
    *,
    size: Size = Size(),
    cluster_faults: bool = True,
) -> None:
    """Fill a history. The cluster has nginx; afterwards all its nodes run."""
    async with (
        doors(cluster.nginx.port, size.people, history) as open_doors,
        _populated(history, open_doors, seed, size) as people,
    ):
        faults = Faults(cluster, open_doors, history)
        until = history.now + seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(
                faults.carry_out(
                    plan(seed, seconds, len(cluster.nodes), size.people, cluster=cluster_faults)
                )
            )
            for person in people:
                group.create_task(person.live(until))
        await asyncio.gather(*(person.settle() for person in people))
        await _become_quiet(history)
        await _note_what_is_kept(cluster.store, history, [person.id for person in people])
        await _look_around(cluster, history, people, random.Random(f"end {seed}"))


async def _become_quiet(history: History) -> None:
    before, deadline = -1, history.now + _QUIET_WITHIN
    while before != (before := history.counts.get("received", 0)):
        if history.now > deadline:
            return
        await asyncio.sleep(QUIET)
    history.note("quiet")


async def _note_what_is_kept(store_url: str, history: History, users: Sequence[int]) -> None:
    """The whole log, and how far everybody's devices have got."""
    async with mysql_store(store_url) as store:
        ends, after = await store.log.ends(), 0
        while after < ends.head:
            reading = await store.log.tail(after, READ_AT_ONCE)
            for entry in reading.entries:
                history.note("log", dump=0, **facts_of(entry))
            after = reading.upto
        for user in users:
            got = (await store.log.opening(user)).got
            history.note("stored", user=user, got=got, epoch=ends.epoch)


async def _look_around(
    cluster: Cluster, history: History, people: Sequence[Person], rng: random.Random
) -> None:
    """Some people go; somebody on each node looks who is there, until it is as it should be."""
    for person in people:
        await rng.choice([person.stay, person.part, person.log_out, person.die])()
    expected = {person.id for person in people if person.is_here}
    async with AsyncExitStack() as stack:
        observers = [
            await _observer(stack, port, [person.id for person in people]) for port in cluster.ports
        ]
        deadline = history.now + _PRESENCE_WITHIN
        for node, observer in enumerate(observers):
            online = await _online_in_time(observer, expected, deadline - history.now)
            assert observer.user is not None
            history.note("presence", observer=observer.user.id, node=node, online=sorted(online))


async def _observer(stack: AsyncExitStack, port: int, listed: Sequence[int]) -> ChatClient:
    client = await stack.enter_async_context(ChatClient.connect("127.0.0.1", port))
    user = await client.register(f"observer {port}", "secret")
    await client.login(user, "secret")
    for person in listed:
        await client.add_friend(person)
    return client


async def _online_in_time(observer: ChatClient, expected: set[int], within: float) -> set[int]:
    """Who is online in somebody's eyes; what is expected, if it is that in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while (online := await _online(observer)) != expected and loop.time() < deadline:  # noqa: ASYNC110  # only asking tells
        await asyncio.sleep(0.2)
    return online


async def _online(observer: ChatClient) -> set[int]:
    return {friend.id async for friend in observer.friends() if friend.online}
