"""What two nodes once got wrong, step by step."""

from chat_domain.delivery.session import Phase
from tests.delivery.judge import judge
from tests.unit.delivery.person import Person
from tests.unit.delivery.two_nodes import World


def met(people: int = 3) -> World:
    """People who are in, on one node and the other in turn."""
    world = World(people)
    for number, person in enumerate(world.people):
        person.enters(world.sites[number % 2])
    world.go_on()
    return world


def say(world: World, sender: Person, to: Person) -> None:
    sender.says(to=to.user.id)
    world.go_on()


def check(world: World) -> None:
    """All that was sent is answered and shown, as promised."""
    for _ in range(30):
        world.mailbox.serve()
        world.carry_all()
        for number, person in enumerate(world.people):
            person.enters(world.sites[number % 2])
            person.sends_again()
            person.shows(100)
        world.tick()
    world.note("quiet")
    verdict = judge(world.events)
    assert verdict.kept, str(verdict)


def test_nothing_overtakes_what_a_node_without_a_lease_has_under_way() -> None:
    """Its user logs in elsewhere, and finds it in the mailbox with what came after it."""
    world = met()
    ann = world.people[0]
    say(world, ann, ann)
    world.lose_lease(world.sites[0])
    say(world, ann, ann)
    assert ann.link is not None
    ann.loses(ann.link)
    ann.enters(world.sites[1])
    world.go_on()
    ann.shows(100)
    world.regain_lease(world.sites[0])
    check(world)


def test_nothing_overtakes_a_note_that_was_lost() -> None:
    """A message behind it, on the same way, is not taken before it: its origin stores both."""
    world = met()
    ann, bob = world.people[:2]
    say(world, ann, bob)
    world.hub.cut(world.sites[1].name, noticed=False)
    world.mend(world.sites[1])
    world.go_on()
    say(world, ann, bob)
    check(world)


def test_nothing_overtakes_a_note_that_was_turned_away() -> None:
    """A session that was catching up turns live before its sender's node has heard of it."""
    world = met()
    ann, bob = world.people[:2]
    world.mailbox.slow_reads = True
    assert bob.link is not None
    assert bob.link.session is not None
    for _ in range(2):  # the second during the read: it may not be the last
        world.sites[1].chat.delivery.fetch(bob.user.id)
        world.go_on()
    say(world, ann, bob)
    world.carry(world.sites[1], 1)
    assert bob.link.session.phase is Phase.CATCHING_UP
    world.mailbox.slow_reads = False
    world.mailbox.serve()
    world.go_on()
    say(world, ann, bob)
    world.carry(world.sites[1], 1)
    bob.shows(100)
    check(world)


def test_nothing_overtakes_what_a_recipient_could_not_be_told_of() -> None:
    """Presence was away when it was stored, and is back before the recipient's node is told."""
    world = met()
    ann, bob = world.people[:2]
    world.hub.away = True
    say(world, ann, bob)
    world.hub.away = False
    say(world, ann, bob)
    world.carry_all()
    bob.shows(100)
    check(world)


def test_of_several_that_were_refused_the_first_is_awaited() -> None:
    """They were refused in another order than they were sent in, since some had further to go."""
    world = met()
    ann, bob = world.people[:2]
    world.mailbox.failing = True
    world.sites[0].chat.delivery.fetch(ann.user.id)  # so that a note to herself is to be stored
    say(world, bob, bob)
    say(world, ann, bob)
    say(world, ann, ann)
    world.hub.cut(world.sites[1].name, noticed=True)
    world.mend(world.sites[1])
    say(world, ann, bob)
    world.carry_all()
    world.mailbox.failing = False
    check(world)


def test_a_copy_is_answered_though_another_node_has_stored_the_first() -> None:
    """It joined the first in its recipient's window, and the recipient is gone."""
    world = met()
    _, bob, cat = world.people
    assert bob.link is not None
    bob.loses(bob.link)
    say(world, cat, bob)
    world.carry_all()
    assert cat.link is not None
    cat.loses(cat.link)
    cat.enters(world.sites[1])
    world.go_on()
    world.hub.cut(world.sites[1].name, noticed=True)
    bob.enters(world.sites[0])
    world.go_on()
    world.mend(world.sites[1])
    world.notice_who_is_gone()
    check(world)


def test_a_sender_who_moves_overtakes_nothing_that_was_stored_elsewhere() -> None:
    """The recipient's node hears nothing of it, so nobody logs in there until it hears again."""
    world = met()
    ann, bob = world.people[:2]
    world.hub.cut(world.sites[0].name, noticed=True)
    say(world, bob, ann)
    assert bob.link is not None
    bob.loses(bob.link)
    bob.enters(world.sites[0])
    world.go_on()
    assert not bob.is_in
    world.mend(world.sites[0])
    bob.enters(world.sites[0])
    world.go_on()
    say(world, bob, ann)
    check(world)


def test_copies_that_meet_on_two_ways_keep_their_order() -> None:
    """Of two messages that were sent again, only the first one's old copy has arrived; both are
    stored by the recipient's node, and the old copy of the second by its own."""
    world = met()
    ann, bob = world.people[:2]
    assert ann.link is not None
    ann.loses(ann.link)
    for _ in range(2):
        say(world, bob, ann)
    assert bob.link is not None
    bob.loses(bob.link)
    bob.enters(world.sites[0])
    world.go_on()
    world.carry(world.sites[0], 1)
    check(world)


def test_what_was_sent_behind_a_failed_message_is_not_stored() -> None:
    """Its recipient's node could not store the first, and reports that when both are on the way."""
    world = met()
    ann, bob = world.people[:2]
    say(world, ann, bob)
    world.carry(world.sites[1], 1)
    world.mailbox.failing = True
    assert bob.link is not None
    bob.link.lose()
    world.go_on()
    say(world, ann, bob)
    world.mailbox.failing = False
    check(world)


def test_a_session_that_ends_elsewhere_leaves_nothing_unseen() -> None:
    """What a node has stored for a session that had moved away is fetched by the new one."""
    world = met()
    ann = world.people[0]
    world.hub.cut(world.sites[0].name, noticed=True)
    for person in world.people:
        say(world, person, ann)
    world.carry_all()
    for _ in range(2):
        assert ann.link is not None
        ann.loses(ann.link)
        ann.enters(world.sites[1])
        world.go_on()
    world.mend(world.sites[0])
    world.notice_who_is_gone()
    check(world)


def test_a_node_without_its_lease_hands_nothing_past_what_it_stores() -> None:
    """Its user is elsewhere by then, and what was under way to them is still on its way to disk."""
    world = met()
    ann, _, cat = world.people
    say(world, ann, cat)
    world.mailbox.slow_writes = True
    world.lose_lease(world.sites[0])
    assert cat.link is not None
    cat.link.lose()
    cat.enters(world.sites[1])
    world.go_on()
    say(world, ann, cat)
    world.mailbox.slow_writes = False
    check(world)


def test_nothing_is_taken_behind_what_another_node_could_not_store() -> None:
    """Its store works again before the sender's node has heard of that."""
    world = met()
    ann, bob = world.people[:2]
    say(world, ann, bob)
    world.carry(world.sites[1], 1)
    world.mailbox.failing = True
    world.sites[1].chat.delivery.fetch(bob.user.id)  # so that what is under way is to be stored
    for _ in range(2):
        say(world, ann, bob)
    world.carry(world.sites[1], 1)
    world.mailbox.failing = False
    check(world)


def test_a_stream_across_nodes_without_a_pause_leaves_the_way_through_the_mailbox() -> None:
    """Each message comes during the read that the one before it has caused."""
    world = met()
    ann, bob = world.people[:2]
    world.mailbox.slow_reads = True
    world.sites[1].chat.delivery.fetch(bob.user.id)
    for _ in range(3):
        say(world, ann, bob)
        world.carry_all()
        world.mailbox.serve()
        world.go_on()
    assert bob.link is not None
    assert bob.link.session is not None
    assert bob.link.session.phase is Phase.LIVE
    check(world)
