"""A session on one node that takes the place of one on another."""

from tests.unit.delivery.test_changed_ways import move, pushed, settle, wait
from tests.unit.delivery.test_two_nodes_stories import met, say


def test_a_new_session_waits_until_the_old_one_is_stored() -> None:
    """Only its old node has what it has not taken over, and nothing new overtakes that."""
    world = met(4)
    ann, bob, dan = world.people[0], world.people[1], world.people[3]
    say(world, dan, bob)
    world.mailbox.slow_writes = True
    move(world, bob, 0)
    world.carry_all()
    say(world, ann, bob)
    world.carry_all()
    assert pushed(bob) == []
    settle(world)
    assert pushed(bob) == ["4:1", "1:1"]


def test_nothing_overtakes_what_a_node_that_hung_has_to_hand_over() -> None:
    """The new session did not wait for it any more; the rest goes there by the mailbox as well."""
    world = met(4)
    bob, dan = world.people[1], world.people[3]
    move(world, bob, 0)
    wait(world, 2.5)
    assert bob.is_live
    say(world, dan, bob)  # into the session that his node has still
    world.mailbox.slow_writes = True
    world.carry(world.sites[1], 1)
    say(world, dan, bob)
    world.carry_all()
    assert pushed(bob) == []
    settle(world)
    assert pushed(bob) == ["4:1", "4:2"]


def test_a_replaced_session_does_not_keep_what_it_has_claimed_again() -> None:
    """The one in its place has ended, when its node hears so late that it was replaced.

    In between the node has lost its lease, and claimed its sessions again: nobody held them.
    """
    world = met()
    ann, place = world.people[0], world.sites[0]
    move(world, ann, 1)
    ann.logs_out()
    world.go_on()
    world.lose_lease(place)
    world.mend(place)
    world.carry_all()
    ann.enters(world.sites[1], resumes=False)
    world.go_on()
    assert ann.is_in


def test_a_new_session_waits_for_the_old_node_for_2_seconds() -> None:
    """It may be dead, with its lease still in force."""
    world = met()
    bob = world.people[1]
    world.sites[1].hung = True
    move(world, bob, 0)
    wait(world, 1.5)
    assert not bob.is_live
    wait(world, 0.5)
    assert bob.is_live
