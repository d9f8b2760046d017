"""Somebody who can write to Redis can replace our keys by anything. That keeps nobody out."""

from typing import TYPE_CHECKING

import pytest

from adapters.faults.incidents import INCIDENTS
from adapters.redis import answers, lease, presence, scripts, slots
from chat_domain.errors import TryAgain
from chat_domain.model import Claim
from tests.contract.places import KEYS, RedisPlace
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

ALIVE = "another"  # a node with a lease, as far as Redis knows


@pytest.fixture
async def place(place: RedisPlace) -> RedisPlace:
    await place.redis.set(KEYS.lease(ALIVE), "1")
    await place.redis.sadd(KEYS.nodes, ALIVE)
    return place


async def online(place: RedisPlace, *user_ids: int) -> set[int]:
    return set(await place.surroundings.presence.where(user_ids))


async def came(place: RedisPlace, *user_ids: int) -> None:
    await place.surroundings.presence.came(place.name, user_ids)


async def put(place: RedisPlace, kind: str, key: str) -> None:
    await place.redis.delete(key)
    match kind:
        case "list":
            await place.redis.rpush(key, "x")
        case "hash":
            await place.redis.hset(key, "x", "x")
        case "set":
            await place.redis.sadd(key, "x")
        case _:
            await place.redis.set(key, "x")


BAD_CLAIMS = [
    b"",
    b"no bar",
    b"another",
    b"another|session|more",
    b"|session",
    b"another|\xff",
    b"another|session\n",
    b"another|" + b"s" * 101,
    b"a" * 201 + b"|session",
    b"another|" + b"s" * 10_000,
]


@pytest.mark.parametrize("bad", BAD_CLAIMS)
async def test_a_malformed_claim_keeps_nobody_out(place: RedisPlace, bad: bytes) -> None:
    """It counts for nothing, even if the node that it seems to name is alive."""
    await place.redis.set(KEYS.slot(5), bad)
    assert await place.surroundings.slots.claim(place.claim(5)) is None
    assert await place.surroundings.slots.own(place.name) == [place.claim(5)]


async def test_a_claim_that_is_well_formed_keeps_its_user_s_slot(place: RedisPlace) -> None:
    """It does so whoever made it, since nobody can tell it from another node's."""
    await place.redis.set(KEYS.slot(5), f"{ALIVE}|session")
    found = await place.surroundings.slots.claim(place.claim(5))
    assert found == Claim(5, "session", ALIVE)


@pytest.mark.parametrize("kind", ["list", "hash", "set"])
async def test_a_slot_of_another_type_keeps_nobody_out(place: RedisPlace, kind: str) -> None:
    """The slot is created again."""
    await put(place, kind, KEYS.slot(5))
    assert await place.surroundings.slots.claim(place.claim(5)) is None
    assert await place.surroundings.slots.own(place.name) == [place.claim(5)]


async def test_sets_of_another_type_are_made_anew(place: RedisPlace) -> None:
    """A node renews its lease, and its users come and go."""
    for key in (KEYS.nodes, KEYS.claims(place.name), KEYS.present(place.name)):
        await put(place, "string", key)
    await place.look_after_lease()
    assert await place.redis.smembers(KEYS.nodes) == {place.name.encode()}
    await came(place, 5)
    assert await online(place, 5) == {5}
    assert await place.surroundings.slots.claim(place.claim(5)) is None
    assert await place.surroundings.slots.own(place.name) == [place.claim(5)]
    await put(place, "string", KEYS.present(place.name))
    await put(place, "string", KEYS.claims(place.name))
    assert await place.surroundings.slots.own(place.name) == []
    await place.surroundings.slots.release(place.claim(5))
    await place.surroundings.presence.left(place.name, [5])
    assert await online(place, 5) == set()


async def test_another_node_s_set_of_another_type_hides_no_user(place: RedisPlace) -> None:
    """The users on other nodes are still found."""
    await put(place, "string", KEYS.present(ALIVE))
    await came(place, 5)
    assert await place.surroundings.presence.where([5, 6]) == {5: [place.name]}
    assert await place.surroundings.presence.users_of(ALIVE) == []


JUNK = [b"", b"abc", b"-5", b"0", b"1.5", b"2147483648", b"9" * 20, b"\xff", b" 15 ", b"1_5"]


async def test_members_that_are_no_users_are_passed_over(place: RedisPlace) -> None:
    """This holds for the users on a node, for its claims, and for what a dead node has left."""
    await came(place, 5)
    await place.surroundings.slots.claim(place.claim(5))
    await place.redis.sadd(KEYS.nodes, "dead")
    for member in (*JUNK, b"77"):
        await place.redis.sadd(KEYS.present("dead"), member)
    for member in JUNK:
        for key in (KEYS.claims(place.name), KEYS.present(place.name), KEYS.claims("dead")):
            await place.redis.sadd(key, member)
        await place.redis.set(b"test:slot:" + member, f"{place.name}|session")
    assert await place.surroundings.presence.users_of(place.name) == [5]
    assert await place.surroundings.slots.own(place.name) == [place.claim(5)]
    await place.look_after_lease()
    await eventually(lambda: place.node.left_behind == [{77}])
    assert not await place.redis.exists(KEYS.present("dead"), KEYS.claims("dead"))
    assert INCIDENTS.malformed["redis"] == 3 * len(JUNK)


@pytest.mark.parametrize("name", [b"\xff\xfe", b"", b"n" * 300, b"a|b", b"line\nbreak"])
async def test_nodes_that_are_none_are_cleared_away(place: RedisPlace, name: bytes) -> None:
    """They have no lease. A node that has one never has such a name."""
    await place.redis.sadd(KEYS.nodes, name)
    await place.look_after_lease()
    known = {place.name.encode(), ALIVE.encode()}
    assert await place.redis.smembers(KEYS.nodes) == known
    await place.redis.sadd(KEYS.nodes, name)
    await place.redis.set(b"test:lease:" + name, "1")
    await place.redis.sadd(b"test:present:" + name, "5")
    await place.look_after_lease()
    assert await place.surroundings.lease.other_nodes() == {ALIVE}
    assert await place.surroundings.presence.where([5]) == {}


@pytest.mark.parametrize("script", ["OTHERS", "WHERE", "TAKE_FROM_DEAD"])
async def test_a_node_with_a_long_name_is_forgotten_by_whoever_meets_it(
    place: RedisPlace, script: str
) -> None:
    """Redis looks up nothing by such a name, since that takes long, and returns only as much of it
    as is needed to count it. No node can have such a name."""
    name = "n" * 100_000
    await place.redis.sadd(KEYS.nodes, name)
    await place.redis.set(KEYS.lease(name), "1")
    await put(place, "string", KEYS.present(name))  # a look-up would create it again
    arguments = [10, 0, 5] if script == "WHERE" else [place.name, 10, 10]
    found = await place.redis.eval(getattr(scripts, script), 0, KEYS.prefix, *arguments)
    assert name[:201].encode() in (found if script == "OTHERS" else [row[0] for row in found])
    assert max(map(len, str(found).split())) < 300
    assert await place.redis.smembers(KEYS.nodes) == {place.name.encode(), ALIVE.encode()}
    assert await place.redis.exists(KEYS.present(name))


async def test_thousands_of_made_up_nodes_are_cleared_away_bit_by_bit(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then, nobody is told who is where; the lease is kept all the same."""
    monkeypatch.setattr(lease, "MOST_NODES", 10)
    monkeypatch.setattr(presence, "MOST_NODES", 10)
    await place.redis.sadd(KEYS.nodes, *(f"node{number}" for number in range(25)))
    with pytest.raises(TryAgain):
        await place.surroundings.lease.other_nodes()
    with pytest.raises(TryAgain):
        await online(place, 5)
    rounds = 0
    while await place.redis.scard(KEYS.nodes) > 2:
        rounds += 1
        assert rounds < 20
        await place.look_after_lease()
        assert place.surroundings.lease.held()
    assert rounds >= 3
    assert await online(place, 5) == set()


async def test_a_dead_node_s_users_are_taken_bit_by_bit(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, or seem to be, none is left in the end, and neither is the node."""
    monkeypatch.setattr(lease, "TAKEN_AT_ONCE", 10)
    for dead, users in (("dead", range(1, 16)), ("gone", range(16, 31))):
        await place.redis.sadd(KEYS.nodes, dead)
        for number in users:
            await place.redis.sadd(KEYS.present(dead), number)
            await place.redis.sadd(KEYS.claims(dead), number)
            await place.redis.set(KEYS.slot(number), f"{dead}|session")
    for left in (20, 10, 0):
        place.node.left_behind.clear()
        await place.look_after_lease()
        await eventually(lambda: place.node.left_behind)
        assert sum(map(len, place.node.left_behind)) == 10
        assert len(await place.redis.keys("test:slot:*")) == left
    nodes = await place.redis.smembers(KEYS.nodes)
    assert nodes == {place.name.encode(), ALIVE.encode()}


async def test_claims_of_a_dead_node_count_as_much_as_its_users(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even of many such nodes without users, one script gives up no more than it may."""
    monkeypatch.setattr(lease, "TAKEN_AT_ONCE", 10)
    for dead in ("dead", "gone"):
        await place.redis.sadd(KEYS.nodes, dead)
        await place.redis.sadd(KEYS.claims(dead), *range(1, 11))
    await place.look_after_lease()
    assert await place.redis.exists(KEYS.claims("dead"), KEYS.claims("gone")) == 1


async def test_more_than_there_can_be_is_not_read(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis would do nothing else meanwhile, and a node would have to hold all of it."""
    monkeypatch.setattr(presence, "MOST_USERS", 10)
    monkeypatch.setattr(slots, "MOST_CLAIMS", 10)
    await place.redis.sadd(KEYS.claims(place.name), *range(1, 20))
    await place.redis.sadd(KEYS.present(place.name), *range(1, 20))
    with pytest.raises(TryAgain):
        await place.surroundings.slots.own(place.name)
    with pytest.raises(TryAgain):
        await place.surroundings.presence.users_of(place.name)


async def test_a_node_s_id_fits_into_a_claim_whatever_its_host_is_called(
    place: RedisPlace,
) -> None:
    """Characters that a claim cannot have are replaced."""
    assert place.name.startswith("a-strange-h-st-")
    await place.surroundings.slots.claim(place.claim(5))
    assert await place.surroundings.slots.own(place.name) == [place.claim(5)]


ODD = [None, 7, b"ok", "text", {"a": 1}, 1.5, True]


@pytest.mark.parametrize("answer", ODD)
def test_an_answer_of_another_kind_is_no_answer(answer: object) -> None:
    """Each is counted, and the question can be asked again."""
    judges: list[Callable[[object], object]]
    judges = [answers.nodes, answers.users, answers.users_by_node, answers.claims, answers.items]
    if type(answer) is not int:
        judges.append(answers.number)
    for judge in judges:
        with pytest.raises(TryAgain):
            judge(answer)
    assert INCIDENTS.malformed["redis"] == len(judges)


@pytest.mark.parametrize("item", [None, 7, "text", [], [b"nested"]])
def test_an_odd_item_is_left_out(item: object) -> None:
    """The others count."""
    assert answers.nodes([item, b"node"]) == {"node"}
    assert answers.users([item, b"15"]) == [15]
    assert answers.claims([item, b"n|s", b"15", item, b"16", b"n|s", b"17"]) == [
        Claim(16, "s", "n")
    ]
    found = answers.users_by_node([[b"node", item, b"15"], [], [item, b"16"]])
    assert found == [("node", [15])]


@pytest.mark.parametrize("answer", [[b"a list"], b"no claim", None, 1])
async def test_what_is_no_claim_in_the_way_is_not_taken_for_one(
    place: RedisPlace, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    """Whatever the script returns, the login is told to try again."""

    async def odd(*_: object) -> object:
        return answer

    monkeypatch.setattr(type(place.surroundings.slots._commands), "script", odd)  # type: ignore[attr-defined]
    with pytest.raises(TryAgain):
        await place.surroundings.slots.claim(place.claim(5))
