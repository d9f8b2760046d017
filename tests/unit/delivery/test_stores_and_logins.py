"""What is stored for somebody who comes just then, or whose node does not hear of it."""

from tests.unit.delivery.test_changed_ways import pushed, settle, wait
from tests.unit.delivery.test_two_nodes_stories import met, say


def test_who_logs_in_while_a_message_is_being_stored_is_told_of_it() -> None:
    """They read their mailbox before it was there; who is online is looked up after the commit."""
    world = met()
    ann, bob = world.people[:2]
    assert bob.link is not None
    bob.link.lose()
    world.go_on()
    world.mailbox.slow_writes = True
    say(world, ann, bob)
    bob.enters(world.sites[1])
    world.go_on()
    assert bob.is_live
    settle(world)
    assert pushed(bob) == ["1:1"]


def test_after_a_gap_sessions_look_for_what_they_may_have_missed() -> None:
    """Here the message itself, and then the notice to fetch it."""
    world = met()
    ann, bob = world.people[:2]
    world.hub.cut(world.sites[1].name, noticed=False)
    say(world, ann, bob)
    wait(world, 9.0)
    assert pushed(bob) == []
    world.mend(world.sites[1])
    world.go_on()
    assert pushed(bob) == ["1:1"]
