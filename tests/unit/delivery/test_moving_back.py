"""A user who goes to another node and comes back before the first one has heard of it."""

from tests.delivery.judge import judge
from tests.unit.delivery.test_two_nodes_stories import met, say

UNTIL_QUIET = 40  # ticks of half a second


def test_a_session_that_was_replaced_from_elsewhere_ends_for_the_next_one_here() -> None:
    """What it had under way is not overtaken by what comes for the new one."""
    world = met(2)
    ann, bob = world.people
    say(world, ann, bob)
    world.carry_all()
    for site in world.sites:  # he was on the second one
        assert bob.link is not None
        bob.loses(bob.link)
        bob.enters(site, resumes=True)
        world.go_on()
    say(world, ann, bob)
    for _ in range(UNTIL_QUIET):
        world.carry_all()
        bob.shows(10)
        world.tick()
    world.note("quiet")
    verdict = judge(world.events)
    assert verdict.kept, str(verdict)
