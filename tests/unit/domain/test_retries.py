"""What a sender has to send again comes before what was sent behind it."""

import pytest

from chat_domain.delivery.delivery import MAX_UNANSWERED
from chat_domain.delivery.sendings import EXPECTED_AGAIN_WITHIN, REMEMBERED, Sendings
from chat_domain.errors import TooManyUnanswered, TryAgain
from chat_domain.model import Message
from tests.unit.fakes import ManualClock
from tests.unit.world import Terminal, World


@pytest.fixture
def bob(world: World) -> Terminal:
    """Somebody who is away."""
    bob = world.newcomer("Bob")
    bob.leaves()
    return bob


def refuse_for_the_moment(world: World, ann: Terminal, bob: Terminal, cid: str) -> None:
    world.mailbox.failing = True
    ann.says(bob.user, f"text of {cid}", cid=cid)
    world.mailbox.failing = False
    assert ann.client.statuses[-1] == "TryAgain"


def say(ann: Terminal, bob: Terminal, *cids: str) -> None:
    """Each is let in."""
    for cid in cids:
        ann.says(bob.user, f"text of {cid}", cid=cid)


def say_too_early(ann: Terminal, bob: Terminal, *cids: str) -> None:
    """Each is refused, for another one is to come first."""
    for cid in cids:
        with pytest.raises(TryAgain):
            say(ann, bob, cid)


def test_nothing_overtakes_a_message_that_was_refused_for_the_moment(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """What its client had sent behind it is refused as well, until it comes again."""
    refuse_for_the_moment(world, ann, bob, "first")
    say_too_early(ann, bob, "second")
    say(ann, bob, "first", "second")
    assert world.waiting_for(bob.user) == ["text of first", "text of second"]


def test_the_first_of_several_refused_messages_is_the_one_that_is_waited_for(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """However many were refused behind it."""
    refuse_for_the_moment(world, ann, bob, "first")
    say_too_early(ann, bob, "second", "second", "second")
    say(ann, bob, "first")
    assert world.waiting_for(bob.user) == ["text of first"]


def test_a_sender_who_gives_a_message_up_can_go_on_later(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """It is not waited for for ever."""
    refuse_for_the_moment(world, ann, bob, "first")
    world.clock.ms += EXPECTED_AGAIN_WITHIN
    say(ann, bob, "second")
    assert world.waiting_for(bob.user) == ["text of second"]


def test_the_time_to_send_it_again_begins_with_the_refusal(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The store may have been slow to fail."""
    world.mailbox.failing = True
    world.mailbox.slow_writes = True
    say(ann, bob, "first")
    world.clock.ms += EXPECTED_AGAIN_WITHIN
    world.mailbox.serve()
    world.tasks.drain()
    world.mailbox.failing = world.mailbox.slow_writes = False
    say_too_early(ann, bob, "second")


def test_messages_without_a_cid_wait_for_nothing(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """They cannot be recognised when they come again."""
    world.mailbox.failing = True
    ann.says(bob.user, "lost")
    world.mailbox.failing = False
    ann.says(bob.user, "kept")
    assert world.waiting_for(bob.user) == ["kept"]


def test_nothing_overtakes_what_was_one_too_many(world: World, ann: Terminal) -> None:
    """The same holds for what was refused because too many are unanswered."""
    carl = world.newcomer("Carl")
    for number in range(MAX_UNANSWERED):
        ann.says(carl.user, str(number))
    with pytest.raises(TooManyUnanswered):
        ann.says(carl.user, "one too many", cid="first")
    carl.takes_over(1)
    with pytest.raises(TryAgain):
        ann.says(carl.user, "behind it", cid="second")
    ann.says(carl.user, "one too many", cid="first")


def test_each_of_several_that_were_refused_is_awaited(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """What was refused behind the first comes again before what is sent for the first time."""
    refuse_for_the_moment(world, ann, bob, "c1")
    say_too_early(ann, bob, "c2")
    say(ann, bob, "c1")
    say_too_early(ann, bob, "c3")
    say(ann, bob, "c2", "c3")
    assert world.waiting_for(bob.user) == ["text of c1", "text of c2", "text of c3"]


def test_they_are_awaited_in_the_order_in_which_they_were_sent() -> None:
    """Not in that of their refusals: some had further to go."""
    sendings = Sendings(ManualClock().now_ms)
    for number in (2, 4, 1, 3):
        mid = f"mid-{number}"
        sendings.expect_again(mid, Message(mid, f"cid-{number}", 1, "Ann", 0, "hello", 0))
    for number in (3, 2, 4):
        assert sendings.out_of_order(f"mid-{number}-again", f"cid-{number}")
    for number in (1, 2, 3, 4):
        assert not sendings.out_of_order(f"mid-{number}-last", f"cid-{number}")
    assert sendings.expected is None


def test_a_message_has_the_place_of_its_first_copy_though_a_later_one_is_refused(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The first is still on its way into a slow store, and what came behind it has been refused."""
    world.mailbox.slow_writes = True
    say(ann, bob, "c1")
    world.mailbox.slow_writes = False
    refuse_for_the_moment(world, ann, bob, "c2")
    say_too_early(ann, bob, "c3", "c1", "c2", "c3")
    say(ann, bob, "c1", "c2", "c3")
    assert world.waiting_for(bob.user) == ["text of c1", "text of c2", "text of c3"]


def test_a_message_that_was_accepted_by_another_copy_need_not_come_again(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Its sender has the answer, and goes on with the next."""
    world.mailbox.slow_writes = True
    say(ann, bob, "c1")
    world.mailbox.slow_writes = False
    refuse_for_the_moment(world, ann, bob, "c2")
    say_too_early(ann, bob, "c1")
    world.mailbox.serve()
    world.tasks.drain()
    assert ann.client.statuses[-1] == "stored"
    say(ann, bob, "c2", "c3")
    assert world.waiting_for(bob.user) == ["text of c1", "text of c2", "text of c3"]


def test_one_that_is_refused_again_keeps_its_place(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Before what was refused behind it the first time."""
    refuse_for_the_moment(world, ann, bob, "c1")
    say_too_early(ann, bob, "c2")
    refuse_for_the_moment(world, ann, bob, "c1")
    say_too_early(ann, bob, "c2")
    say(ann, bob, "c1", "c2")
    assert world.waiting_for(bob.user) == ["text of c1", "text of c2"]


def test_only_so_many_are_awaited_as_a_client_may_have_unanswered(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Whoever goes on and on behind a refused message fills no memory with it."""
    refuse_for_the_moment(world, ann, bob, "first")
    behind = [f"c{number}" for number in range(2 * REMEMBERED)]
    say_too_early(ann, bob, *behind)
    say(ann, bob, "first", *behind[:REMEMBERED], "new")
