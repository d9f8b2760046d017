"""The way to a recipient on another node, and what becomes of messages when it changes."""

from tests.unit.delivery.person import Person
from tests.unit.delivery.test_two_nodes_stories import met, say
from tests.unit.delivery.two_nodes import World


def answers(world: World, sender: Person) -> list[str]:
    of = f"{sender.user.id}:"
    acks = [event for event in world.events if event["kind"] == "ack"]
    return [event["status"] for event in acks if event["key"].startswith(of)]


def pushed(person: Person) -> list[str]:
    """What the present connection has brought and nobody has read."""
    assert person.link is not None
    return [message.text for _, message in person.link.pushes]


def wait(world: World, seconds: float) -> None:
    for _ in range(round(seconds * 2)):
        world.tick()


def settle(world: World) -> None:
    """Let the disk do all that waits for it, and everything go on."""
    world.go_on()
    while world.mailbox.writing or world.mailbox.reading:
        world.mailbox.serve()
        world.carry_all()


def move(world: World, person: Person, to: int) -> None:
    """The old connection breaks, and nobody there notices."""
    assert person.link is not None
    person.loses(person.link)
    person.enters(world.sites[to])
    world.go_on()


def test_what_could_not_be_sent_is_stored_at_once() -> None:
    """Nobody listens at the recipient's node."""
    world = met()
    ann, bob = world.people[:2]
    world.hub.cut(world.sites[1].name, noticed=True)
    say(world, ann, bob)
    assert answers(world, ann) == ["stored"]


def test_a_node_that_reports_nothing_is_given_up_after_9_seconds() -> None:
    """Counted from the oldest message on the way, so that its sender has an answer within 10 s."""
    world = met()
    ann, bob = world.people[:2]
    world.sites[1].hung = True
    say(world, ann, bob)
    wait(world, 5.0)
    say(world, ann, bob)
    wait(world, 3.5)
    assert answers(world, ann) == []
    wait(world, 0.5)
    assert answers(world, ann) == ["stored", "stored"]


def test_after_a_gap_of_its_own_the_origin_gives_up_its_ways() -> None:
    """What it missed may have been a report."""
    world = met()
    ann, bob = world.people[:2]
    say(world, ann, bob)
    world.carry_all()
    world.hub.cut(world.sites[0].name, noticed=False)
    bob.shows(1)
    world.go_on()
    assert answers(world, ann) == []
    world.mend(world.sites[0])
    world.go_on()
    assert answers(world, ann) == ["stored"]


def test_what_comes_while_a_way_is_given_up_is_stored_behind() -> None:
    """No new way is looked for before that is done and the recipient's node was told to fetch."""
    world = met()
    ann, bob = world.people[:2]
    world.mailbox.slow_writes = True
    world.hub.cut(world.sites[1].name, noticed=True)
    say(world, ann, bob)
    world.mend(world.sites[1])
    say(world, ann, bob)
    world.carry_all()
    assert pushed(bob) == []
    settle(world)
    assert pushed(bob) == ["1:1", "1:2"]
    assert answers(world, ann) == ["stored", "stored"]


def test_who_logs_in_here_is_not_written_to_there_any_more() -> None:
    """What is on the way there is stored, though the node there says nothing."""
    world = met()
    ann, bob = world.people[:2]
    say(world, ann, bob)
    world.sites[1].hung = True
    move(world, bob, 0)
    assert answers(world, ann) == ["stored"]
