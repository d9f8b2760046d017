"""Messages to groups."""

import pytest

from tests.unit.world import Terminal, World


@pytest.fixture
def cid(world: World) -> Terminal:
    return world.newcomer("Cid")


def test_a_message_goes_to_all_members_but_its_sender(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """All members get the same entry."""
    group = world.group(ann, bob, cid)
    ann.says_to_group(group, "hello all")
    assert ann.client.texts == []
    assert bob.client.entries[-1] is cid.client.entries[-1]
    assert ann.client.statuses == ["accepted"]


def test_who_is_away_is_shown_it_at_the_next_login(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The log has the message once, however many members are away."""
    group = world.group(ann, bob)
    bob.leaves()
    ann.says_to_group(group, "hello")
    assert len([entry for entry in world.entries() if entry.text]) == 1
    assert world.log_in(bob.user).client.texts == ["hello"]


def test_only_members_may_write(world: World, ann: Terminal, bob: Terminal) -> None:
    """Those who never joined and those who have left are refused, as is any message to an unknown
    group."""
    group = world.group(ann)
    bob.says_to_group(group, "let me in")
    bob.says_to_group(group + 1, "where?")
    assert bob.client.statuses == ["NotMember", "NoSuchGroup"]
    world.tasks.run(world.chat.groups.join(bob.user, group))
    world.tasks.run(world.chat.groups.leave(bob.user, group))
    bob.says_to_group(group, "one last thing")
    assert bob.client.statuses[-1] == "NotMember"


def test_it_goes_to_who_is_a_member_when_it_is_written(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """Those who join later do not get it. Those who leave later do, whenever they log in."""
    group = world.group(ann, bob)
    bob.leaves()
    ann.says_to_group(group, "before")
    world.tasks.run(world.chat.groups.join(cid.user, group))
    world.tasks.run(world.chat.groups.leave(bob.user, group))
    ann.says_to_group(group, "behind")
    assert cid.client.texts == ["behind"]
    back = world.log_in(bob.user)
    assert back.client.texts == ["before"]
    assert back.client.changes[-1] == "left"


def test_members_see_who_joins_and_who_leaves(world: World, ann: Terminal, bob: Terminal) -> None:
    """Those who join or leave see it too."""
    group = world.group(ann, bob)
    world.tasks.run(world.chat.groups.leave(bob.user, group))
    assert ann.client.changes == ["created", "joined", "left"]
    assert bob.client.changes == ["joined", "left"]


def test_all_of_it_ends_with_the_group(world: World, ann: Terminal, bob: Terminal) -> None:
    """The members are told of the end, and can no longer write."""
    group = world.group(ann, bob)
    world.tasks.run(world.chat.group_administration.end(str(group)))
    assert ann.client.changes[-1] == bob.client.changes[-1] == "ended"
    bob.says_to_group(group, "hello?")
    assert bob.client.statuses == ["NoSuchGroup"]


def test_a_second_copy_is_shown_once(world: World, ann: Terminal, bob: Terminal) -> None:
    """A sender who has left the group meanwhile still gets the answer to the first copy."""
    group = world.group(ann, bob)
    bob.says_to_group(group, "hello", cid="c1")
    world.tasks.run(world.chat.groups.leave(bob.user, group))
    bob.says_to_group(group, "hello", cid="c1")
    assert ann.client.texts == ["hello"]
    assert [one.at for one in bob.client.answers] == [3, 3]


def test_the_same_cid_to_one_and_to_a_group_is_a_conflict(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The recipient is part of the content."""
    group = world.group(ann, bob)
    ann.says(bob.user, "hello", cid="c1")
    ann.says_to_group(group, "hello", cid="c1")
    assert ann.client.statuses == ["accepted", "CidConflict"]


def test_a_node_without_its_lease_goes_on_with_groups(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The log says who is in which group, so the node needs no lease for it."""
    group = world.group(ann, bob)
    world.chat.node.suspend()
    ann.says_to_group(group, "hello")
    assert bob.client.texts == ["hello"]
