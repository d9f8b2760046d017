"""Groups and their members."""

import attrs
import pytest

from chat_domain.errors import (
    CidConflict,
    NoSuchGroup,
    NotMember,
    TryAgain,
)
from chat_domain.log.sessions import MOST_MEMBERSHIPS
from chat_domain.model import Group, Member, Role, User
from tests.unit.fakes import UnknownPresence
from tests.unit.world import World


def create(world: World, user: User, name: str, description: str) -> Group:
    return world.tasks.run(world.chat.groups.create(user, name, description))[1]


def roles(world: World, viewer: User, group_id: int) -> dict[str, Role]:
    page = world.tasks.run(world.chat.groups.members(viewer.id, group_id, 0, 10))
    return {member.name: member.role for member in page.items}


def test_the_creator_of_a_group_is_its_first_member(world: World) -> None:
    """Those who join later are ordinary members."""
    ann, bob = world.register("Ann", "Bob")
    group = create(world, ann, " Hikers ", "every Sunday")
    assert (group.name, group.description) == ("Hikers", "every Sunday")
    _, joined = world.tasks.run(world.chat.groups.join(bob, group.id))
    assert joined == group
    assert roles(world, bob, group.id) == {"Ann": Role.CREATOR, "Bob": Role.NORMAL}


def test_nobody_joins_more_groups_than_a_node_has_room_for(world: World) -> None:
    """The node remembers each membership of each of its sessions, so their sum is bounded."""
    (ann,) = world.register("Ann")
    world.log_in(ann)
    group = create(world, ann, "hikers", "")
    world.chat.sessions.memberships = MOST_MEMBERSHIPS
    with pytest.raises(TryAgain):
        create(world, ann, "walkers", "")
    with pytest.raises(TryAgain):
        world.tasks.run(world.chat.groups.join(ann, group.id))


def test_a_new_name_is_told_to_the_members(world: World) -> None:
    """Members who are away see it when they log in. Nobody outside the group is told."""
    ann, bob, cid, dan = [world.newcomer(name) for name in ("Ann", "Bob", "Cid", "Dan")]
    group_id = world.group(ann, bob, cid)
    cid.leaves()
    world.tasks.run(world.chat.groups.rename(ann.user, group_id, " Hikers "))
    for one in (ann, bob, world.log_in(cid.user)):
        change = one.client.entries[-1].change
        assert change is not None
        assert (change.what, change.name) == ("renamed", "Hikers")
    assert dan.client.entries == []
    assert (
        world.tasks.run(world.chat.groups.page(bob.user.id, 0, 1)).items[0].group.name == "Hikers"
    )


def test_a_change_that_comes_again_gets_the_first_one_s_answer(world: World) -> None:
    """The node does not repeat it. A different change with the same cid is a conflict."""
    ann, bob = world.register("Ann", "Bob")
    groups, run = world.chat.groups, world.tasks.run
    first, group = run(groups.create(ann, "hikers", "", "c1"))
    again, same = run(groups.create(ann, "hikers", "", "c1"))
    assert (again.at, same) == (first.at, group)
    joined, _ = run(groups.join(bob, group.id, "c1"))
    assert run(groups.join(bob, group.id, "c1"))[0].at == joined.at
    with pytest.raises(CidConflict):
        run(groups.leave(bob, group.id, "c1"))
    left = run(groups.leave(bob, group.id, "c2"))
    assert run(groups.leave(bob, group.id, "c2")).at == left.at
    assert len(world.entries()) == 3


def test_members_are_shown_to_members_with_their_presence(world: World) -> None:
    """Nobody else gets the list."""
    ann, bob, cid = world.register("Ann", "Bob", "Cid")
    group = create(world, ann, "hikers", "")
    world.tasks.run(world.chat.groups.join(bob, group.id))
    world.log_in(bob)
    page = world.tasks.run(world.chat.groups.members(ann.id, group.id, 0, 10))
    assert page.items == (
        Member(ann.id, "Ann", Role.CREATOR, online=False),
        Member(bob.id, "Bob", Role.NORMAL, online=True),
    )
    with pytest.raises(NotMember):
        world.tasks.run(world.chat.groups.members(cid.id, group.id, 0, 10))
    with pytest.raises(NoSuchGroup):
        world.tasks.run(world.chat.groups.members(ann.id, 99, 0, 10))


def test_members_are_shown_while_nobody_knows_who_is_online(world: World) -> None:
    """Only their presence is left open."""
    (ann,) = world.register("Ann")
    group = create(world, ann, "hikers", "")
    groups = attrs.evolve(world.chat.groups, presence=UnknownPresence())
    page = world.tasks.run(groups.members(ann.id, group.id, 0, 10))
    assert page.items == (Member(ann.id, "Ann", Role.CREATOR, online=None),)


def test_members_come_in_pages(world: World) -> None:
    """`next` is set while more members follow."""
    ann, bob, cid = world.register("Ann", "Bob", "Cid")
    group = create(world, ann, "hikers", "")
    for user in (bob, cid):
        world.tasks.run(world.chat.groups.join(user, group.id))
    first = world.tasks.run(world.chat.groups.members(ann.id, group.id, 0, 2))
    assert ([member.name for member in first.items], first.next) == (["Ann", "Bob"], bob.id)
    second = world.tasks.run(world.chat.groups.members(ann.id, group.id, bob.id, 2))
    assert ([member.name for member in second.items], second.next) == (["Cid"], None)


def test_own_groups_come_in_pages_with_the_role(world: World) -> None:
    """The groups are in ascending order of their ids."""
    ann, bob = world.register("Ann", "Bob")
    mine = create(world, ann, "mine", "")
    others = create(world, bob, "others", "")
    world.tasks.run(world.chat.groups.join(ann, others.id))
    first = world.tasks.run(world.chat.groups.page(ann.id, 0, 1))
    assert [(own.group, own.role) for own in first.items] == [(mine, Role.CREATOR)]
    assert first.next == mine.id
    second = world.tasks.run(world.chat.groups.page(ann.id, first.next, 1))
    assert [(own.group, own.role) for own in second.items] == [(others, Role.NORMAL)]
    assert second.next is None
