"""A user who goes to another node and comes back before the first one has heard of it."""

from tests.unit.delivery.test_two_nodes_stories import check, met, say


def test_a_session_that_was_replaced_from_elsewhere_ends_for_the_next_one_here() -> None:
    """What it had under way is not overtaken by what comes for the new one."""
    world = met(2)
    ann, bob = world.people
    for site in (world.sites[1], world.sites[0], world.sites[1]):
        say(world, ann, bob)
        assert bob.link is not None
        bob.loses(bob.link)
        bob.enters(site, resumes=True)
        world.go_on()
    say(world, ann, bob)
    check(world)
