"""The promises of `ports.Friends`."""

import pytest

from chat_domain.errors import AlreadyFriends, NoSuchUser, NotFriends
from chat_domain.model import User
from chat_domain.ports.store import Store
from tests.contract.making import ODD_INTEGERS, at_once, register


async def listed(store: Store, user_id: int) -> list[str]:
    return [friend.name for friend in await store.friends.page(user_id, 0, 1000)]


async def test_listing_is_one_way(store: Store) -> None:
    """A user who lists another is not put on the other's list, and can be listed in return."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.friends.add(ann, bob)
    assert await store.friends.page(ann, 0, 10) == [User(bob, "Bob")]
    assert await store.friends.page(bob, 0, 10) == []
    await store.friends.add(bob, ann)
    assert await store.friends.page(bob, 0, 10) == [User(ann, "Ann")]


async def test_nobody_cannot_be_listed(store: Store) -> None:
    """An integer that is nobody's id cannot be listed, however large."""
    (ann,) = await register(store, "Ann")
    for number in ODD_INTEGERS:
        with pytest.raises(NoSuchUser) as refusal:
            await store.friends.add(ann, number)
        assert refusal.value.who == number
        assert await listed(store, ann) == []


async def test_a_friend_is_listed_once(store: Store) -> None:
    """A user who is already on the list is refused, and stays on it."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.friends.add(ann, bob)
    with pytest.raises(AlreadyFriends) as refusal:
        await store.friends.add(ann, bob)
    assert refusal.value.friend_id == bob
    assert await listed(store, ann) == ["Bob"]


async def test_of_many_additions_of_a_friend_one_succeeds(store: Store) -> None:
    """Adding is atomic: even concurrently, a friend is added once."""
    ann, bob = await register(store, "Ann", "Bob")
    results = await at_once([store.friends.add(ann, bob) for _ in range(10)])
    assert sorted(type(result).__name__ for result in results) == (
        ["AlreadyFriends"] * 9 + ["NoneType"]
    )
    assert await store.friends.listed_by(bob, 0, 1000) == [ann]


async def test_a_removed_friend_is_gone(store: Store) -> None:
    """`remove` takes one friend off one list, and out of what `listed_by` returns."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    for user_id, friend_id in ((ann, bob), (ann, cid), (cid, bob), (bob, ann)):
        await store.friends.add(user_id, friend_id)
    await store.friends.remove(ann, bob)
    assert await listed(store, ann) == ["Cid"]
    assert await listed(store, bob) == ["Ann"]
    assert await store.friends.listed_by(bob, 0, 1000) == [cid]


async def test_who_is_not_listed_cannot_be_removed(store: Store) -> None:
    """Removing a user who is not, or no longer, on the list is refused."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.friends.add(ann, bob)
    await store.friends.remove(ann, bob)
    for friend_id in (bob, *ODD_INTEGERS):
        with pytest.raises(NotFriends) as refusal:
            await store.friends.remove(ann, friend_id)
        assert refusal.value.friend_id == friend_id


async def test_a_friend_can_be_added_again(store: Store) -> None:
    """A user who was taken off the list can be put on it again."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.friends.add(ann, bob)
    await store.friends.remove(ann, bob)
    await store.friends.add(ann, bob)
    assert await listed(store, ann) == ["Bob"]
    assert await store.friends.listed_by(bob, 0, 1000) == [ann]


async def test_pages_ascend_by_id(store: Store) -> None:
    """A page begins above `after`, holds at most `limit`, and ascends however it was filled."""
    ann, *others = await register(store, "Ann", *(f"user {number}" for number in range(25)))
    for friend_id in reversed(others):
        await store.friends.add(ann, friend_id)
    pages = [await store.friends.page(ann, after, 10) for after in (0, others[9], others[19])]
    assert [[friend.id for friend in page] for page in pages] == [
        others[:10],
        others[10:20],
        others[20:],
    ]
    assert await store.friends.page(ann, others[-1], 10) == []


async def test_a_page_may_begin_anywhere(store: Store) -> None:
    """`after` need not be a friend's id, nor an id at all."""
    ann, bob, cid, dan = await register(store, "Ann", "Bob", "Cid", "Dan")
    await store.friends.add(ann, bob)
    await store.friends.add(ann, dan)
    assert await store.friends.page(ann, cid, 10) == [User(dan, "Dan")]
    assert await store.friends.page(ann, -(2**63) - 1, 10) == [User(bob, "Bob"), User(dan, "Dan")]
    assert await store.friends.page(ann, 2**63, 10) == []
    assert await store.friends.page(ann, 0, 2**63) == [User(bob, "Bob"), User(dan, "Dan")]


async def test_all_who_list_a_user_are_told_in_order(store: Store) -> None:
    """`listed_by` returns a page of them, ascending, in whatever order they came."""
    ann, *others = await register(store, "Ann", *(f"user {number}" for number in range(300)))
    await at_once(store.friends.add(user_id, ann) for user_id in reversed(others))
    assert await store.friends.listed_by(ann, 0, 1000) == others
    assert await store.friends.listed_by(ann, 0, 2) == others[:2]
    assert await store.friends.listed_by(ann, others[1], 2) == others[2:4]
    assert await store.friends.listed_by(ann, others[-1], 2) == []


async def test_nobodys_lists_are_empty(store: Store) -> None:
    """An integer that is nobody's id lists nobody and is listed by nobody."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.friends.add(ann, bob)
    for number in ODD_INTEGERS:
        assert await store.friends.page(number, 0, 10) == []
        assert await store.friends.listed_by(number, 0, 1000) == []


async def test_lists_that_are_handed_out_are_the_callers_own(store: Store) -> None:
    """A caller that changes a list it was given changes nothing here."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.friends.add(ann, bob)
    (await store.friends.page(ann, 0, 10)).clear()
    (await store.friends.listed_by(bob, 0, 1000)).clear()
    assert await listed(store, ann) == ["Bob"]
    assert await store.friends.listed_by(bob, 0, 1000) == [ann]


async def test_a_list_is_counted(store: Store) -> None:
    """`count` returns how many are on it: none for an id that is nobody's."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await store.friends.add(ann, bob)
    await store.friends.add(ann, cid)
    await store.friends.add(bob, ann)
    await store.friends.remove(ann, bob)
    assert [await store.friends.count(user) for user in (ann, bob, cid)] == [1, 1, 0]
    assert [await store.friends.count(number) for number in ODD_INTEGERS] == [0] * len(ODD_INTEGERS)


async def test_whether_somebody_is_on_a_list_is_told(store: Store) -> None:
    """This is one-way, and holds until they are taken off the list."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await store.friends.add(ann, bob)
    await store.friends.add(cid, bob)
    assert await store.friends.lists(ann, bob)
    assert not await store.friends.lists(bob, ann)
    assert not await store.friends.lists(ann, cid)
    for number in ODD_INTEGERS:
        assert not await store.friends.lists(ann, number)
        assert not await store.friends.lists(number, bob)
    await store.friends.remove(ann, bob)
    assert not await store.friends.lists(ann, bob)
    assert await store.friends.lists(cid, bob)
