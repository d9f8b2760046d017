"""The list of friends."""

import attrs
import pytest

from chat_domain.errors import NoSuchUser, Oneself
from chat_domain.model import Friend, Page
from tests.unit.fakes import UnknownPresence
from tests.unit.world import World


def test_a_friend_is_listed_with_their_presence(world: World) -> None:
    """A friend can be added by id or by name, and being listed does not list the other."""
    ann, bob, cid = world.register("Ann", "Bob", "Cid")
    world.log_in(cid)
    friends = world.chat.friends
    assert world.tasks.run(friends.add(ann.id, bob.id)) == Friend(bob.id, "Bob", online=False)
    assert world.tasks.run(friends.add(ann.id, " CID ")) == Friend(cid.id, "Cid", online=True)
    assert world.tasks.run(friends.page(ann.id, 0, 10)) == Page(
        (Friend(bob.id, "Bob", online=False), Friend(cid.id, "Cid", online=True)), None
    )
    assert world.tasks.run(friends.page(bob.id, 0, 10)) == Page((), None)


def test_nobody_lists_themselves(world: World) -> None:
    """Neither the id nor the name of the user themselves is accepted."""
    (ann,) = world.register("Ann")
    with pytest.raises(Oneself):
        world.tasks.run(world.chat.friends.add(ann.id, ann.id))
    with pytest.raises(Oneself):
        world.tasks.run(world.chat.friends.add(ann.id, "ann"))


def test_a_list_comes_in_pages(world: World) -> None:
    """`next` leads to the following page. The last page has none, even if it is full."""
    ann, *others = world.register("Ann", *(f"user {number}" for number in range(4)))
    for other in others:
        world.tasks.run(world.chat.friends.add(ann.id, other.id))
    first = world.tasks.run(world.chat.friends.page(ann.id, 0, 2))
    assert [friend.id for friend in first.items] == [others[0].id, others[1].id]
    assert first.next == others[1].id
    second = world.tasks.run(world.chat.friends.page(ann.id, first.next, 2))
    assert [friend.id for friend in second.items] == [others[2].id, others[3].id]
    assert second.next is None


def test_anybody_can_be_found_by_name(world: World) -> None:
    """The case of the name does not matter, but the whole name is needed."""
    (bob,) = world.register("Bob")
    assert world.tasks.run(world.chat.friends.find("bOB")) == Friend(bob.id, "Bob", online=False)
    world.log_in(bob)
    assert world.tasks.run(world.chat.friends.find("Bob")) == Friend(bob.id, "Bob", online=True)
    for name in ("Bo", "42", ""):
        with pytest.raises(NoSuchUser):
            world.tasks.run(world.chat.friends.find(name))


def test_friends_are_listed_and_found_while_nobody_knows_who_is_online(world: World) -> None:
    """A list without presence is better than none: users want to write to those on it."""
    ann, bob = world.register("Ann", "Bob")
    friends = attrs.evolve(world.chat.friends, presence=UnknownPresence())
    listed = Friend(bob.id, "Bob", online=None)
    assert world.tasks.run(friends.add(ann.id, bob.id)) == listed
    assert world.tasks.run(friends.find("bob")) == listed
    assert world.tasks.run(friends.page(ann.id, 0, 10)) == Page((listed,), None)
