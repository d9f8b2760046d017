"""Leases in Redis, on a fake of it: what is lost with one, and who takes over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING, cast

import attrs
import fakeredis
import pytest

from adapters.memory import memory_store
from adapters.passwords import Argon2Hasher
from adapters.redis.cluster import RedisCluster, taking_part
from adapters.redis.keys import Keys
from chat_domain.chat import Chat
from chat_domain.delivery.session import Phase
from chat_domain.errors import TryAgain
from chat_domain.model import Claim, Entry, User
from tests.contract.nodes import RecordingClient, enter, eventually
from tests.contract.pairs import node

if TYPE_CHECKING:
    from chat_domain.ports.cluster import Presence

KEYS = Keys("test")


@attrs.frozen
class Place:
    """A node and its side of the cluster."""

    chat: Chat
    cluster: RedisCluster

    @property
    def name(self) -> str:
        return self.cluster.surroundings.name

    async def join(self) -> None:
        await self.cluster.join(self.chat.node)

    async def look_after_lease(self) -> None:
        await self.cluster.lease.look_after(self.chat.node)


@attrs.frozen
class Two:
    first: Place
    second: Place
    redis: fakeredis.FakeAsyncRedis

    async def lose_lease(self, place: Place) -> None:
        await self.redis.delete(KEYS.lease(place.name))

    async def user(self, name: str) -> User:
        return await self.first.chat.registration.register(name, "x")


NewPlace = Callable[[], Awaitable[Place]]


@pytest.fixture
def redis_server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


@pytest.fixture
async def new_place(redis_server: fakeredis.FakeServer) -> AsyncIterator[NewPlace]:
    """Make nodes that share a store and have not joined yet."""
    store = memory_store()
    async with AsyncExitStack() as stack:
        hasher = stack.enter_context(closing(Argon2Hasher(cheap=True)))

        async def make() -> Place:
            client = fakeredis.FakeAsyncRedis(server=redis_server)
            stack.push_async_callback(client.aclose)
            cluster = await stack.enter_async_context(taking_part(client, KEYS.prefix))
            return Place(node(store, cluster.surroundings, hasher), cluster)

        yield make


@pytest.fixture
async def two(new_place: NewPlace, redis_server: fakeredis.FakeServer) -> AsyncIterator[Two]:
    first, second = await new_place(), await new_place()
    await asyncio.gather(first.join(), second.join())
    async with fakeredis.FakeAsyncRedis(server=redis_server) as client:
        yield Two(first, second, client)


async def test_the_users_of_a_node_without_a_lease_can_log_in_elsewhere(two: Two) -> None:
    """Its claims count for nothing, from the moment at which the lease is gone."""
    bert = await enter(two.second.chat, await two.user("bert"))
    await two.lose_lease(two.second)
    again = await enter(two.first.chat, bert.user)
    assert again.session.phase is Phase.LIVE


async def test_one_survivor_takes_the_claims_of_a_dead_node(two: Two) -> None:
    """They are gone from Redis, and so is the node."""
    bert = await enter(two.second.chat, await two.user("bert"))
    await two.lose_lease(two.second)
    await two.first.look_after_lease()
    assert await two.redis.get(KEYS.user(bert.user.id)) is None
    assert await two.redis.smembers(KEYS.nodes) == {two.first.name.encode()}


async def test_messages_on_their_way_to_a_dead_node_are_stored(two: Two) -> None:
    """As soon as a survivor notices, not only when they are overdue."""
    anna = await enter(two.first.chat, await two.user("anna"))
    bert = await enter(two.second.chat, await two.user("bert"))
    await anna.say(bert, "are you there?")
    await bert.receives("are you there?")
    await two.first.look_after_lease()  # sees the other one alive
    await two.lose_lease(two.second)
    await two.first.look_after_lease()
    assert await anna.is_answered() == [True]


async def test_a_node_claims_its_sessions_again_when_it_has_lost_its_lease(two: Two) -> None:
    """Its users stay, and get what was stored meanwhile."""
    anna = await enter(two.first.chat, await two.user("anna"))
    bert = await enter(two.second.chat, await two.user("bert"))
    await two.lose_lease(two.second)
    await two.first.look_after_lease()
    await anna.say(bert, "while you were lost")
    await anna.is_answered()
    await two.second.look_after_lease()
    await bert.receives("while you were lost")
    assert not bert.client.was_dropped
    assert await two.first.chat.node.presence.online([bert.user.id]) == {bert.user.id}


async def test_a_session_whose_user_is_elsewhere_by_now_is_closed(two: Two) -> None:
    """When the node that lost its lease comes back."""
    bert = await enter(two.second.chat, await two.user("bert"))
    await two.lose_lease(two.second)
    moved = await enter(two.first.chat, bert.user)
    await two.second.look_after_lease()
    assert bert.client.was_dropped
    assert bert.session.phase is Phase.ENDED
    assert moved.session.phase is Phase.LIVE


async def test_a_suspended_node_pushes_nothing_and_logs_nobody_in(two: Two) -> None:
    """Chats are stored, logins are told to try again."""
    anna = await enter(two.first.chat, await two.user("anna"))
    carl = await enter(two.first.chat, await two.user("carl"))
    two.first.chat.node.suspend()
    await anna.say(carl, "stored")
    assert await anna.is_answered() == [True]
    assert carl.client.texts == []
    user = await two.user("bert")
    with pytest.raises(TryAgain):
        await two.first.chat.logins.log_in(user, RecordingClient(), "")
    await two.first.look_after_lease()
    await carl.receives("stored")


async def test_nobody_is_logged_in_while_claims_may_be_missing(two: Two) -> None:
    """After Redis has lost its keys, sessions are claimed again; new ones have to wait."""
    bert = await enter(two.second.chat, await two.user("bert"))
    await two.redis.flushall()
    await two.first.look_after_lease()
    with pytest.raises(TryAgain):
        await two.first.chat.logins.log_in(bert.user, RecordingClient(), "")
    await two.second.look_after_lease()
    assert await two.first.chat.node.presence.online([bert.user.id]) == {bert.user.id}
    assert not bert.client.was_dropped


async def test_nodes_that_start_together_log_users_in_at_once(two: Two) -> None:
    """A new Redis has lost nothing, even if several nodes find it empty at the same time."""
    assert not await two.redis.exists(KEYS.settling)
    for place in (two.first, two.second):
        await enter(place.chat, await two.user(f"user of {place.name}"))


async def test_a_new_node_cannot_log_in_who_may_be_elsewhere(two: Two, new_place: NewPlace) -> None:
    """It finds no keys, and nodes that have had a lease: so keys were lost."""
    bert = await enter(two.second.chat, await two.user("bert"))
    await two.redis.flushall()
    third = await new_place()
    await third.join()
    with pytest.raises(TryAgain):
        await third.chat.logins.log_in(bert.user, RecordingClient(), "")
    await two.second.look_after_lease()
    assert not bert.client.was_dropped


async def test_a_claim_without_a_session_is_given_up(two: Two) -> None:
    """At the second look: at the first it may belong to a login under way."""
    bert = await enter(two.second.chat, await two.user("bert"))
    node = two.second.chat.node
    stray = Claim(4711, "a session that never began", two.second.name, "")
    assert await node.presence.claim(stray) is None
    await node.audit()
    node.tick()
    assert await node.presence.online([4711]) == {4711}
    await node.audit()
    node.tick()
    await eventually(lambda: not node.retirements.anything_to_release)
    assert await node.presence.online([4711, bert.user.id]) == {bert.user.id}


async def test_a_session_whose_user_another_has_is_ended(two: Two) -> None:
    """Its node has not heard that it was replaced, since that note was lost."""
    anna = await enter(two.second.chat, await two.user("anna"))
    bert = await enter(two.second.chat, await two.user("bert"))
    node = two.second.chat.node
    newer = Claim(bert.user.id, "a newer session", two.first.name, "")
    assert await node.presence.claim(newer, instead_of=bert.session.claim) is None
    await node.audit()
    assert bert.client.was_replaced
    assert two.second.chat.sessions.get(bert.user.id) is None
    assert two.second.chat.sessions.get(anna.user.id) is anna.session
    assert not anna.client.was_replaced
    assert await node.presence.find([bert.user.id]) == {bert.user.id: newer}


async def test_a_session_that_ends_while_it_is_claimed_again_keeps_nobody_out(two: Two) -> None:
    """Its claim had been given up, and was made once more behind that."""
    bert = await enter(two.second.chat, await two.user("bert"))
    node, presence = two.second.chat.node, two.second.chat.node.presence

    class Late:
        """It is asked, and before it answers the session ends."""

        own = presence.own

        async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
            await two.second.chat.logins.end(bert.session)
            return await presence.reclaim(claims)

    await two.redis.delete(KEYS.user(bert.user.id))
    node.presence = cast("Presence", Late())
    await node.audit()
    assert await presence.online([bert.user.id]) == {bert.user.id}
    node.tick()
    await eventually(lambda: not node.retirements.anything_to_release)
    assert await presence.online([bert.user.id]) == set()


async def test_what_could_not_be_told_during_an_outage_is_told_after_it(two: Two) -> None:
    """A session on another node fetches what was stored while its node could not be found."""
    anna = await enter(two.first.chat, await two.user("anna"))
    bert = await enter(two.second.chat, await two.user("bert"))
    two.first.chat.delivery.owed.add(bert.user.id)
    message = two.first.chat.delivery.accept(anna.session, 0, "stored behind their back", None)
    await two.first.chat.delivery.mailbox.add([Entry(bert.user.id, message)])
    two.first.chat.node.tick()
    await bert.receives("stored behind their back")
    await eventually(lambda: not two.first.chat.delivery.owed)
