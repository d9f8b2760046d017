"""The promises of `ports.Groups`. What changes groups is in `log_changes`."""

import pytest

from chat_domain.errors import NoSuchGroup
from chat_domain.model import Member, Membership, Role, SizedGroup
from chat_domain.names import name_key
from chat_domain.ports.store import Store
from tests.contract.making import (
    ODD_INTEGERS,
    create,
    ids,
    join,
    leave,
    make,
    register,
    remove,
    say,
)


async def test_a_group_that_is_not_there(store: Store) -> None:
    """An integer that is no group's id, however large, is refused by whatever needs a group."""
    (ann,) = await register(store, "Ann")
    await make(store, "Chess", ann)
    for number in ODD_INTEGERS:
        for step in (store.groups.members(number, 0, 10), store.groups.size(number)):
            with pytest.raises(NoSuchGroup) as refusal:
                await step
            assert refusal.value.group_id == number
        assert await store.groups.find(number) is None


async def test_the_pages_of_ones_groups_ascend(store: Store) -> None:
    """`page_of` begins above `after`, holds at most `limit` and ascends by the group's id."""
    ann, bob = await register(store, "Ann", "Bob")
    groups = [await make(store, f"group {number}", ann) for number in range(12)]
    for group in reversed(groups):
        await join(store, group.id, bob)
    first = await store.groups.page_of(bob, 0, 5)
    second = await store.groups.page_of(bob, groups[4].id, 100)
    assert [membership.group for membership in first] == groups[:5]
    assert [membership.group for membership in second] == groups[5:]
    assert await store.groups.page_of(bob, groups[-1].id, 5) == []
    assert len(await store.groups.page_of(bob, -(2**63) - 1, 2**63)) == 12


async def test_nobody_has_no_groups(store: Store) -> None:
    """An integer that is nobody's id has no groups, and none is above a huge id."""
    (ann,) = await register(store, "Ann")
    await make(store, "Chess", ann)
    for number in ODD_INTEGERS:
        assert await store.groups.page_of(number, 0, 10) == []
    assert await store.groups.page_of(ann, 2**63, 10) == []


async def test_a_conversation_of_two_is_no_group(store: Store) -> None:
    """A user may have any number of them, one with themselves included, and still has no groups."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann)
    for other in (ann, bob):
        await say(store, ann, ann << 32 | other, "hello")
    assert await store.groups.page_of(ann, 0, 10) == [Membership(group, Role.CREATOR)]
    assert await store.groups.count_of(ann) == (1, 1)
    assert await store.groups.count_of(bob) == (0, 0)


async def test_the_pages_of_members_ascend(store: Store) -> None:
    """`members` begins above `after`, holds at most `limit` and ascends by id, all offline."""
    users = await register(store, *(f"user {number}" for number in range(12)))
    group = await make(store, "Chess", *reversed(users))
    first = await store.groups.members(group.id, -(2**63) - 1, 5)
    second = await store.groups.members(group.id, users[4], 2**63)
    assert [member.id for member in first + second] == users
    assert not any(member.online for member in first + second)
    assert second[-1] == Member(users[-1], "user 11", Role.CREATOR)


async def test_a_page_behind_the_last_member_is_empty(store: Store) -> None:
    """A page without members does not mean that the group does not exist."""
    (ann,) = await register(store, "Ann")
    group = await make(store, "Chess", ann)
    assert await store.groups.members(group.id, ann, 10) == []
    assert await store.groups.members(group.id, 2**63, 10) == []


async def test_members_are_counted(store: Store) -> None:
    """`size` and `members` include only those who have not left."""
    users = await register(store, *(f"user {number}" for number in range(30)))
    group = await make(store, "Chess", *users)
    await leave(store, group.id, users[7])
    await remove(store, group.id, users[8])
    await leave(store, group.id, users[9])
    await join(store, group.id, users[9])
    staying = [user for user in users if user not in users[7:9]]
    assert await store.groups.size(group.id) == 28
    assert await ids(store, group.id) == staying
    assert await store.groups.page(0, 9) == [SizedGroup(group, 28)]


async def test_lists_that_are_handed_out_are_the_callers_own(store: Store) -> None:
    """A caller that changes a list it was given changes nothing here."""
    (ann,) = await register(store, "Ann")
    group = await make(store, "Chess", ann)
    (await store.groups.members(group.id, 0, 10)).clear()
    (await store.groups.page_of(ann, 0, 10)).clear()
    assert len(await store.groups.members(group.id, 0, 10)) == 1
    assert len(await store.groups.page_of(ann, 0, 10)) == 1


async def test_a_user_s_groups_are_counted(store: Store) -> None:
    """`count_of` returns how many there are, then how many there are or were: none for an id that
    is nobody's."""
    ann, bob = await register(store, "Ann", "Bob")
    await make(store, "Go", ann)
    chess = await make(store, "Chess", ann, bob)
    await leave(store, chess.id, ann)
    assert [await store.groups.count_of(user) for user in (ann, bob)] == [(1, 2), (1, 1)]
    assert [await store.groups.count_of(number) for number in ODD_INTEGERS] == (
        [(0, 0)] * len(ODD_INTEGERS)
    )


async def test_a_group_is_found_by_its_id_and_by_its_name_s_key(store: Store) -> None:
    """Both find the same group; a part of a name finds nothing."""
    (ann,) = await register(store, "Ann")
    group = await make(store, "Zoë's", ann)
    assert await store.groups.find(group.id) == group
    assert await store.groups.find(name_key("ZOË'S")) == group
    assert await store.groups.find("zoë") is None


async def test_all_groups_come_in_pages(store: Store) -> None:
    """`page` begins above `after`, ascends by id, and says how many members each group has."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    groups = [await make(store, f"group {number}", ann) for number in range(5)]
    for user_id in (bob, cid):
        await join(store, groups[1].id, user_id)
    assert await store.groups.page(0, 2) == [SizedGroup(groups[0], 1), SizedGroup(groups[1], 3)]
    assert [one.group for one in await store.groups.page(groups[1].id, 10)] == groups[2:]
    assert await store.groups.page(groups[-1].id, 10) == await store.groups.page(2**63, 10) == []
    assert len(await store.groups.page(-(2**63) - 1, 2**63)) == 5


async def test_groups_are_found_by_a_part_of_their_key(store: Store) -> None:
    """The part is compared to the last byte; no character in it is a pattern."""
    (ann,) = await register(store, "Ann")
    some, other = await make(store, "All 100%", ann), await make(store, "Zoë_", ann)
    for part, found in (("ll", some), (name_key("OË"), other), ("%", some), ("_", other)):
        assert await store.groups.page(0, 9, part) == [SizedGroup(found, 1)]
    assert await store.groups.page(0, 9, "All") == []


async def test_no_other_group_shows_its_history(store: Store) -> None:
    """`show_history` returns whether the group exists; one that has ended does not."""
    (ann,) = await register(store, "Ann")
    group = await create(store, ann, "Chess")
    assert await store.groups.show_history(group.id, whole=True)
    assert await store.groups.show_history(group.id, whole=True)
    for number in ODD_INTEGERS:
        assert not await store.groups.show_history(number, whole=True)
    await leave(store, group.id, ann)
    assert not await store.groups.show_history(group.id, whole=True)
