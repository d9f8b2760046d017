"""A user who goes to another node while the first one still has their old session."""

from tests.delivery.judge import judge
from tests.unit.delivery.person import Person
from tests.unit.delivery.site import Site
from tests.unit.delivery.test_two_nodes_stories import met, say
from tests.unit.delivery.two_nodes import World

UNTIL_QUIET = 40  # ticks of half a second


def move(world: World, person: Person, site: Site) -> None:
    """The old connection's end is not noticed, and the nodes do not hear of each other."""
    assert person.link is not None
    person.loses(person.link)
    person.enters(site)
    world.go_on()


def check(world: World) -> None:
    """Nobody sends anything again: what was acknowledged comes by itself, in its order."""
    for _ in range(UNTIL_QUIET):
        world.carry_all()
        for person in world.people:
            person.shows(10)
        world.tick()
    world.note("quiet")
    verdict = judge(world.events)
    assert verdict.kept, str(verdict)


def test_a_session_that_was_replaced_from_elsewhere_ends_for_the_next_one_here() -> None:
    """Who comes back at once: what the first session had under way is not overtaken."""
    world = met()
    ann, _, carl = world.people
    here, there = world.sites
    say(world, ann, carl)
    move(world, carl, there)
    move(world, carl, here)
    say(world, ann, carl)
    check(world)


def test_what_an_old_session_alone_was_told_of_is_told_to_the_new_one() -> None:
    """It was stored while the node without a lease took its own session for the right one."""
    world = met()
    ann, _, carl = world.people
    here, there = world.sites
    world.lose_lease(here)
    move(world, carl, there)
    world.carry_all()
    say(world, ann, carl)
    world.regain_lease(here)
    check(world)
