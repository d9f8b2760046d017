"""Groups, their members, and the cache of who they are."""

from collections.abc import Coroutine
from typing import Any

import pytest

from chat_domain.delivery.rosters import Rosters
from chat_domain.errors import (
    AlreadyMember,
    BadName,
    GroupNameTaken,
    NoSuchGroup,
    NotAllowed,
    NotMember,
    TryAgain,
)
from chat_domain.model import Member, Role, User
from tests.unit.fakes import ManualTasks, Ticket
from tests.unit.world import World


async def roles(world: World, viewer: User, group_id: int) -> dict[str, Role]:
    page = await world.chat.groups.members(viewer.id, group_id, 0, 10)
    return {member.name: member.role for member in page.items}


async def test_the_creator_of_a_group_is_its_first_member(world: World) -> None:
    """Others join as ordinary members."""
    ann, bob = world.register("Ann", "Bob")
    group = await world.chat.groups.create(ann.id, " Hikers ", "every Sunday")
    assert (group.name, group.description) == ("Hikers", "every Sunday")
    assert await world.chat.groups.join(bob.id, group.id) == group
    assert await roles(world, bob, group.id) == {"Ann": Role.CREATOR, "Bob": Role.NORMAL}


async def test_a_group_name_is_a_name_and_given_once(world: World) -> None:
    """In whatever case it comes again."""
    (ann,) = world.register("Ann")
    await world.chat.groups.create(ann.id, "hikers", "")
    with pytest.raises(GroupNameTaken):
        await world.chat.groups.create(ann.id, "HIKERS", "")
    with pytest.raises(BadName):
        await world.chat.groups.create(ann.id, "42", "")


async def test_nobody_joins_twice_or_leaves_twice(world: World) -> None:
    """And nobody joins or leaves what is not there."""
    ann, bob = world.register("Ann", "Bob")
    group = await world.chat.groups.create(ann.id, "hikers", "")
    with pytest.raises(AlreadyMember):
        await world.chat.groups.join(ann.id, group.id)
    with pytest.raises(NotMember):
        await world.chat.groups.leave(bob.id, group.id)
    with pytest.raises(NoSuchGroup):
        await world.chat.groups.join(ann.id, 99)
    with pytest.raises(NoSuchGroup):
        await world.chat.groups.leave(ann.id, 99)


async def test_a_creator_who_leaves_hands_the_group_over(world: World) -> None:
    """To whoever has been in it longest, whatever their id."""
    ann, bob, cid = world.register("Ann", "Bob", "Cid")
    group = await world.chat.groups.create(ann.id, "hikers", "")
    await world.chat.groups.join(cid.id, group.id)
    await world.chat.groups.join(bob.id, group.id)
    await world.chat.groups.leave(ann.id, group.id)
    assert await roles(world, cid, group.id) == {"Cid": Role.CREATOR, "Bob": Role.NORMAL}


async def test_the_last_one_out_ends_the_group(world: World) -> None:
    """Its name is free again, its id is not."""
    (ann,) = world.register("Ann")
    group = await world.chat.groups.create(ann.id, "hikers", "")
    await world.chat.groups.leave(ann.id, group.id)
    with pytest.raises(NoSuchGroup):
        await world.chat.groups.join(ann.id, group.id)
    assert (await world.chat.groups.create(ann.id, "hikers", "")).id != group.id


async def test_a_new_name_is_told_to_the_other_members_who_are_online(world: World) -> None:
    """Who has given it is not told, nor is anybody who is not in the group."""
    ann, bob, cid, dan = [world.newcomer(name) for name in ("Ann", "Bob", "Cid", "Dan")]
    group_id = world.group(ann, bob, cid)
    cid.leaves()
    assert await world.chat.groups.rename(ann.user, group_id, " Hikers ") == 2
    world.tasks.drain()
    told = [one.client.notices for one in (ann, bob, cid, dan)]
    assert told == [[], [f"Ann has called group {group_id} 'Hikers'"], [], []]
    assert (await world.chat.groups.own(bob.user.id, 0, 1)).items[0].group.name == "Hikers"


async def test_only_its_creator_renames_a_group(world: World) -> None:
    """To what is a name, and no other group's; of what is refused nobody hears."""
    ann, bob = world.newcomer("Ann"), world.newcomer("Bob")
    group_id = world.group(ann, bob)
    await world.chat.groups.create(bob.user.id, "taken", "")
    for user, which, name, refusal in (
        (bob.user, group_id, "walkers", NotAllowed),
        (User(99, "Eve"), group_id, "walkers", NotMember),
        (ann.user, 99, "walkers", NoSuchGroup),
        (ann.user, group_id, "42", BadName),
        (ann.user, group_id, "TAKEN", GroupNameTaken),
    ):
        with pytest.raises(refusal):
            await world.chat.groups.rename(user, which, name)
    world.tasks.drain()
    assert ann.client.notices == bob.client.notices == []


async def test_members_are_shown_to_members_with_their_presence(world: World) -> None:
    """And to nobody else."""
    ann, bob, cid = world.register("Ann", "Bob", "Cid")
    group = await world.chat.groups.create(ann.id, "hikers", "")
    await world.chat.groups.join(bob.id, group.id)
    world.log_in(bob)
    page = await world.chat.groups.members(ann.id, group.id, 0, 10)
    assert page.items == (
        Member(ann.id, "Ann", Role.CREATOR, online=False),
        Member(bob.id, "Bob", Role.NORMAL, online=True),
    )
    with pytest.raises(NotMember):
        await world.chat.groups.members(cid.id, group.id, 0, 10)
    with pytest.raises(NoSuchGroup):
        await world.chat.groups.members(ann.id, 99, 0, 10)


async def test_members_come_in_pages(world: World) -> None:
    """`next` is there while there are more."""
    ann, bob, cid = world.register("Ann", "Bob", "Cid")
    group = await world.chat.groups.create(ann.id, "hikers", "")
    for user in (bob, cid):
        await world.chat.groups.join(user.id, group.id)
    first = await world.chat.groups.members(ann.id, group.id, 0, 2)
    assert ([member.name for member in first.items], first.next) == (["Ann", "Bob"], bob.id)
    second = await world.chat.groups.members(ann.id, group.id, bob.id, 2)
    assert ([member.name for member in second.items], second.next) == (["Cid"], None)


async def test_own_groups_come_in_pages_with_the_role(world: World) -> None:
    """Ascending by id."""
    ann, bob = world.register("Ann", "Bob")
    mine = await world.chat.groups.create(ann.id, "mine", "")
    others = await world.chat.groups.create(bob.id, "others", "")
    await world.chat.groups.join(ann.id, others.id)
    first = await world.chat.groups.own(ann.id, 0, 1)
    assert [(own.group, own.role) for own in first.items] == [(mine, Role.CREATOR)]
    assert first.next == mine.id
    second = await world.chat.groups.own(ann.id, first.next, 1)
    assert [(own.group, own.role) for own in second.items] == [(others, Role.NORMAL)]
    assert second.next is None


class CountedGroups:
    """The one question that a roster asks, answered when the test says so."""

    def __init__(self) -> None:
        self.members = {1: [10, 11], 2: [10, 12], 3: [10, 11, 12, 13]}
        self.asked: list[int] = []
        self.slow: Ticket[None] | None = None
        self.failing = False

    async def member_ids(self, group_id: int) -> list[int]:
        self.asked.append(group_id)
        found = list(self.members[group_id])
        if self.slow is not None:
            await self.slow
        if self.failing:
            raise TryAgain
        return found


def rosters_over(groups: CountedGroups, capacity: int = 100) -> Rosters:
    return Rosters(groups, capacity)  # type: ignore[arg-type]  # it asks nothing else


def known(rosters: Rosters, *group_ids: int) -> list[set[int] | None]:
    found = [rosters.known(group_id) for group_id in group_ids]
    return [None if members is None else set(members) for members in found]


async def test_members_are_asked_for_once() -> None:
    """Until they change."""
    groups = CountedGroups()
    rosters = rosters_over(groups)
    assert rosters.known(1) is None
    assert await rosters.members(1) == {10, 11}
    assert known(rosters, 1) == [{10, 11}]
    assert await rosters.members(1) == {10, 11}
    rosters.changed(1)
    assert rosters.known(1) is None
    groups.members[1] = [10]
    assert await rosters.members(1) == {10}
    assert groups.asked == [1, 1]


async def test_a_change_of_one_group_leaves_the_others_known() -> None:
    """Only forget_all drops them, for changes that may have gone unnoticed."""
    rosters = rosters_over(CountedGroups())
    await rosters.members(1)
    await rosters.members(2)
    rosters.changed(1)
    assert known(rosters, 2) == [{10, 12}]
    rosters.forget_all()
    assert rosters.known(2) is None


@pytest.mark.parametrize(
    "change", [lambda rosters: rosters.changed(1), Rosters.forget_all, Rosters.resume]
)
def test_what_was_loaded_across_a_change_is_not_remembered(change: Any) -> None:
    """It may be from before the change, so the next message asks again."""
    groups, tasks = CountedGroups(), ManualTasks()
    rosters = rosters_over(groups)
    groups.slow = Ticket()
    tasks.start(_load(rosters))
    tasks.drain()
    groups.members[1] = [10]
    change(rosters)
    groups.slow.settle(lambda: None)
    tasks.drain()
    assert rosters.known(1) is None
    assert tasks.run(rosters.members(1)) == {10}


def _load(rosters: Rosters) -> Coroutine[Any, Any, None]:
    async def load() -> None:
        assert await rosters.members(1) == {10, 11}

    return load()


async def test_a_failed_load_is_not_remembered() -> None:
    """The next one asks again."""
    groups = CountedGroups()
    rosters = rosters_over(groups)
    groups.failing = True
    with pytest.raises(TryAgain):
        await rosters.members(1)
    groups.failing = False
    assert await rosters.members(1) == {10, 11}


async def test_the_cache_holds_so_many_members_and_no_more() -> None:
    """The groups that came first make room, but a single one may be larger than all of it."""
    rosters = rosters_over(CountedGroups(), capacity=4)
    await rosters.members(1)
    await rosters.members(2)
    assert rosters.known(1) is not None
    await rosters.members(3)
    assert known(rosters, 1, 2) == [None, None]
    assert known(rosters, 3) == [{10, 11, 12, 13}]
    await rosters.members(1)
    assert known(rosters, 1, 3) == [{10, 11}, None]


@pytest.mark.parametrize("drop", [lambda rosters: rosters.changed(3), Rosters.forget_all])
async def test_what_was_dropped_makes_room(drop: Any) -> None:
    """A group that is loaded again is not counted twice."""
    rosters = rosters_over(CountedGroups(), capacity=4)
    for _ in range(3):
        await rosters.members(3)
        drop(rosters)
    await rosters.members(1)
    await rosters.members(2)
    assert known(rosters, 1, 2) == [{10, 11}, {10, 12}]
