"""Whoever can write to Redis can put anything in the place of ours. It keeps nobody out."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing

import attrs
import fakeredis
import pytest

from adapters.incidents import INCIDENTS
from adapters.memory import memory_store
from adapters.passwords import Argon2Hasher
from adapters.redis import answers, lease, presence
from adapters.redis.cluster import RedisCluster, taking_part
from adapters.redis.keys import Keys
from chat_domain.chat import Chat
from chat_domain.errors import AlreadyOnline, TryAgain
from chat_domain.model import Claim, User
from tests.contract.nodes import RecordingClient, enter, eventually
from tests.contract.pairs import node

KEYS = Keys("test")
HOST = "a|strange häst-"
ALIVE = "another"  # a node with a lease, as far as Redis knows


@attrs.frozen
class Place:
    """A node, and a connection to Redis beside it."""

    chat: Chat
    cluster: RedisCluster
    redis: fakeredis.FakeAsyncRedis

    @property
    def name(self) -> str:
        return self.cluster.surroundings.name

    async def user(self) -> User:
        return await self.chat.registration.register("bert", "x")

    async def look_after_lease(self) -> None:
        await self.cluster.lease.look_after(self.chat.node)

    async def online(self, *user_ids: int) -> set[int]:
        return await self.cluster.surroundings.presence.online(user_ids)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    server = fakeredis.FakeServer()
    async with AsyncExitStack() as stack:
        hasher = stack.enter_context(closing(Argon2Hasher(cheap=True)))
        client = fakeredis.FakeAsyncRedis(server=server)
        stack.push_async_callback(client.aclose)
        cluster = await stack.enter_async_context(
            taking_part(client, KEYS.prefix, "a|strange häst-")
        )
        chat = node(memory_store(), cluster.surroundings, hasher)
        await cluster.join(chat.node)
        beside = await stack.enter_async_context(fakeredis.FakeAsyncRedis(server=server))
        await beside.set(KEYS.lease(ALIVE), "1")
        yield Place(chat, cluster, beside)


BAD_CLAIMS = [
    b"",
    b"no bars",
    b"another",
    b"another|one bar",
    b"another|session|key|more",
    b"|session|key",
    b"another|\xff|key",
    b"another|session\n|key",
    b"another|" + b"s" * 101 + b"|key",
    b"another|session|" + b"k" * 10_000,
]


@pytest.mark.parametrize("bad", BAD_CLAIMS)
async def test_a_malformed_claim_keeps_nobody_out(place: Place, bad: bytes) -> None:
    """It counts for nothing, even where the node that it seems to name is alive."""
    user = await place.user()
    await place.redis.set(KEYS.user(user.id), bad)
    assert await place.online(user.id) == set()
    await enter(place.chat, user)
    assert await place.online(user.id) == {user.id}


async def test_a_claim_that_is_well_formed_keeps_its_user(place: Place) -> None:
    """Whoever made it: nobody can tell it from another node's."""
    user = await place.user()
    await place.redis.set(KEYS.user(user.id), f"{ALIVE}|session|key")
    with pytest.raises(AlreadyOnline):
        await enter(place.chat, user)


@pytest.mark.parametrize("kind", ["list", "hash", "set"])
async def test_a_claim_s_key_of_another_type_keeps_nobody_out(place: Place, kind: str) -> None:
    """Nor does it hide the others who are asked about together with its user."""
    user, other = await place.user(), await enter(place.chat, await _anna(place))
    await _put(place.redis, kind, KEYS.user(user.id))
    assert await place.online(user.id, other.user.id) == {other.user.id}
    await enter(place.chat, user)
    assert await place.online(user.id) == {user.id}


async def _anna(place: Place) -> User:
    return await place.chat.registration.register("anna", "x")


async def _put(client: fakeredis.FakeAsyncRedis, kind: str, key: str) -> None:
    match kind:
        case "list":
            await client.rpush(key, "x")
        case "hash":
            await client.hset(key, "x", "x")
        case "set":
            await client.sadd(key, "x")
        case _:
            await client.set(key, "x")


async def test_sets_of_another_type_are_made_anew(place: Place) -> None:
    """A node renews its lease, and its users come and go."""
    user = await place.user()
    for key in (KEYS.nodes, KEYS.claims(place.name)):
        await place.redis.delete(key)
        await _put(place.redis, "string", key)
    await place.look_after_lease()
    bert = await enter(place.chat, user)
    assert await place.redis.smembers(KEYS.nodes) == {place.name.encode()}
    await _put(place.redis, "string", KEYS.claims(place.name))
    await place.chat.node.audit()
    await place.chat.logins.end(bert.session)
    assert await place.online(user.id) == set()


JUNK = [b"", b"abc", b"-5", b"0", b"1.5", b"2147483648", b"9" * 20, b"\xff", b" 15 ", b"1_5"]


async def test_members_that_are_no_users_are_passed_over(place: Place) -> None:
    """In the node's own claims, and in those of a dead one."""
    bert = await enter(place.chat, await place.user())
    for member in JUNK:
        await place.redis.sadd(KEYS.claims(place.name), member)
        await place.redis.set(b"test:user:" + member, f"{place.name}|session|key")
    own = await place.cluster.surroundings.presence.own(place.name)
    assert own == [bert.session.claim]
    await place.redis.sadd(KEYS.nodes, "dead")
    for member in (*JUNK, b"77"):
        await place.redis.sadd(KEYS.claims("dead"), member)
        await place.redis.set(b"test:user:" + member, "dead|session|key")
    await place.look_after_lease()
    assert not await place.redis.exists(KEYS.claims("dead"), KEYS.user(77))
    assert INCIDENTS.malformed["redis"] >= 2 * len(JUNK)


@pytest.mark.parametrize("name", [b"\xff\xfe", b"", b"n" * 300, b"a|b", b"line\nbreak"])
async def test_nodes_that_are_none_are_cleared_away(place: Place, name: bytes) -> None:
    """They have no lease; who has one is not listed by such a name."""
    await place.redis.sadd(KEYS.nodes, name)
    await place.look_after_lease()
    assert await place.redis.smembers(KEYS.nodes) == {place.name.encode()}
    await place.redis.sadd(KEYS.nodes, name)
    await place.redis.set(b"test:lease:" + name, "1")
    await place.look_after_lease()
    assert await place.cluster.lease.others() == set()


async def test_thousands_of_made_up_nodes_are_cleared_away_bit_by_bit(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then nobody can be told who the others are, and the lease is kept all the same."""
    monkeypatch.setattr(lease, "MOST_NODES", 10)
    await place.redis.sadd(KEYS.nodes, *(f"node{number}" for number in range(25)))
    with pytest.raises(TryAgain):
        await place.cluster.lease.others()
    rounds = 0
    while await place.redis.scard(KEYS.nodes) > 1:
        rounds += 1
        try:
            await place.look_after_lease()
        except TryAgain:
            assert rounds < 20
        assert place.cluster.lease.held()
    assert rounds >= 3


async def test_a_dead_node_s_users_are_taken_bit_by_bit(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, or are said to be: none is left, and then the node is not either."""
    monkeypatch.setattr(lease, "TAKEN_AT_ONCE", 10)
    for dead, users in (("dead", range(1, 16)), ("gone", range(16, 31))):
        await place.redis.sadd(KEYS.nodes, dead)
        for number in users:
            await place.redis.sadd(KEYS.claims(dead), number)
            await place.redis.set(KEYS.user(number), f"{dead}|session|")
    for left in (20, 10, 0):
        await place.look_after_lease()
        assert len(await place.redis.keys("test:user:*")) == left
    assert await place.redis.smembers(KEYS.nodes) == {place.name.encode()}


async def test_more_claims_than_there_can_be_are_not_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis does nothing else meanwhile, and a node would hold all of them."""
    monkeypatch.setattr(presence, "MOST_CLAIMS", 10)
    await place.redis.sadd(KEYS.claims(place.name), *range(1, 20))
    with pytest.raises(TryAgain):
        await place.cluster.surroundings.presence.own(place.name)


async def test_a_node_s_id_fits_into_a_claim_whatever_its_host_is_called(place: Place) -> None:
    bert = await enter(place.chat, await place.user())
    assert place.name.startswith("a-strange-h-st-")
    found = await place.cluster.surroundings.presence.find([bert.user.id])
    assert found == {bert.user.id: bert.session.claim}


ODD = [None, 7, b"ok", "text", {"a": 1}, 1.5, True]


@pytest.mark.parametrize("answer", ODD)
def test_an_answer_of_another_kind_is_no_answer(answer: object) -> None:
    """Each of them is counted, and can be asked again."""
    judges: list[Callable[[object], object]]
    judges = [answers.nodes, answers.taken, answers.claims, answers.items]
    if type(answer) is not int:
        judges.append(answers.number)
    for judge in judges:
        with pytest.raises(TryAgain):
            judge(answer)
    assert INCIDENTS.malformed["redis"] == len(judges)


@pytest.mark.parametrize("item", [None, 7, "text", [], [b"nested"]])
def test_an_odd_item_is_left_out(item: object) -> None:
    """And the others count."""
    assert answers.nodes([item, b"node"]) == {"node"}
    assert answers.claims([item, b"n|s|k", b"15", item, b"16", b"n|s|k", b"17"]) == [
        Claim(16, "s", "n", "k")
    ]
    assert answers.taken([[b"node", item, b"15"], [], [item, b"16"]]) == {"node": [15]}


async def test_a_claim_in_the_way_that_is_none_is_not_taken_for_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the script says: the login is told to try again."""

    async def odd(*_: object) -> object:
        return [b"a list"]

    monkeypatch.setattr(type(place.cluster.surroundings.presence._commands), "script", odd)  # type: ignore[attr-defined]
    with pytest.raises(TryAgain):
        await place.chat.logins.log_in(User(5, "bert"), RecordingClient(), "")
    await eventually(lambda: place.chat.node.retirements.anything_to_release)
