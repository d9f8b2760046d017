"""Messages to groups."""

import pytest

from chat_domain.delivery.session import UNSETTLED_FOR
from chat_domain.errors import NoSuchGroup, NotMember, TooManyUnanswered
from tests.unit.fakes import Push
from tests.unit.world import Terminal, World


@pytest.fixture
def cid(world: World) -> Terminal:
    return world.newcomer("Cid")


def test_a_message_goes_to_all_members_but_its_sender(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """One message: every member gets the same."""
    group_id = world.group(ann, bob, cid)
    bob.says_to_group(group_id, "hello")
    assert ann.client.texts == cid.client.texts == ["hello"]
    assert bob.client.texts == []
    assert ann.client.pushes[0].message is cid.client.pushes[0].message
    assert ann.client.pushes[0].message.group_id == group_id


def test_it_is_delivered_once_everybody_has_taken_it_over(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """The sender has one answer."""
    group_id = world.group(ann, bob, cid)
    ann.says_to_group(group_id, "hello", tag=9)
    bob.takes_over()
    assert ann.client.answers == []
    cid.takes_over()
    (answer,) = ann.client.answers
    assert (answer.tag, answer.status, answer.refused) == (9, "delivered", None)


def test_it_is_stored_for_who_is_away(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """One member for whom it is stored makes the answer `stored`."""
    group_id = world.group(ann, bob, cid)
    cid.leaves()
    ann.says_to_group(group_id, "hello")
    assert ann.client.answers == []
    bob.takes_over()
    assert ann.client.statuses == ["stored"]
    again = world.log_in(cid.user)
    assert again.client.pushes == [Push(1, again.client.pushes[0].message, stored=True)]
    assert again.client.pushes[0].message.group_id == group_id


def test_full_mailboxes_are_named(ann: Terminal, bob: Terminal, cid: Terminal) -> None:
    """The others get it all the same, and the status speaks of them."""
    world = World(mailbox_capacity=1)
    ann, bob, cid, dan = (world.newcomer(name) for name in ("Ann", "Bob", "Cid", "Dan"))
    group_id = world.group(ann, bob, cid, dan)
    for away in (bob, dan):
        away.leaves()
        ann.says(away.user, "fills the box")
    ann.client.answers.clear()
    ann.says_to_group(group_id, "hello")
    cid.takes_over()
    (answer,) = ann.client.answers
    assert (answer.status, answer.refused) == ("delivered", [bob.user.id, dan.user.id])


def test_a_group_of_one_is_answered_at_once(world: World, ann: Terminal) -> None:
    """There is nobody to deliver it to."""
    ann.says_to_group(world.group(ann), "hello")
    assert ann.client.statuses == ["delivered"]
    assert ann.client.texts == []


def test_only_members_may_write(world: World, ann: Terminal, bob: Terminal) -> None:
    """Others get an error, and owe no answer after it. So do those who have left."""
    group_id = world.group(ann)
    for _ in range(2):  # once by asking the store, once by what is remembered
        with pytest.raises(NotMember):
            bob.says_to_group(group_id, "hello")
    world.tasks.run(world.chat.groups.join(bob.user.id, group_id))
    world.tasks.run(world.chat.groups.leave(ann.user.id, group_id))
    with pytest.raises(NotMember):
        ann.says_to_group(group_id, "hello")
    with pytest.raises(NoSuchGroup):
        ann.says_to_group(99, "hello")
    assert ann.session.sendings.unanswered == bob.session.sendings.unanswered == {}


def test_it_goes_to_who_is_a_member_when_it_is_accepted(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """Who joins later does not get it, who leaves later does."""
    group_id = world.group(ann, bob)
    ann.says_to_group(group_id, "before")
    world.tasks.run(world.chat.groups.join(cid.user.id, group_id))
    world.tasks.run(world.chat.groups.leave(bob.user.id, group_id))
    ann.says_to_group(group_id, "after")
    assert bob.client.texts == ["before"]
    assert cid.client.texts == ["after"]


def test_a_change_that_was_missed_counts_after_a_gap(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Who is in which group is looked up anew."""
    group_id = world.group(ann, bob)
    ann.says_to_group(group_id, "before")
    world.tasks.run(world.store.groups.leave(group_id, bob.user.id))
    world.chat.node.gap()
    ann.says_to_group(group_id, "after")
    assert bob.client.texts == ["before"]


def test_nobody_waits_for_a_node_without_its_lease_so_it_remembers_no_group(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """Neither what it knew before, nor what it has learned meanwhile."""
    group_id = world.group(ann, bob, cid)
    ann.says_to_group(group_id, "with all")
    world.chat.node.suspend()
    world.tasks.run(world.store.groups.leave(group_id, bob.user.id))
    ann.says_to_group(group_id, "without Bob")
    world.tasks.run(world.store.groups.leave(group_id, cid.user.id))
    ann.says_to_group(group_id, "without both")
    world.tasks.run(world.chat.node.resume())
    for one in (bob, cid):
        one.takes_over()
    ann.says_to_group(group_id, "without both, again")
    assert bob.client.texts == ["with all"]
    assert cid.client.texts == ["with all", "without Bob"]


def test_a_second_copy_joins_the_first_at_every_member(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """Whether they are there or away, each gets it once."""
    group_id = world.group(ann, bob, cid)
    cid.leaves()
    for tag in (1, 2):
        ann.says_to_group(group_id, "hello", cid="c1", tag=tag)
    bob.takes_over()
    assert bob.client.texts == ["hello"]
    assert world.waiting_for(cid.user) == ["hello"]
    assert ann.client.statuses == ["stored", "stored"]


def test_the_same_cid_to_one_and_to_a_group_is_a_conflict(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Where it is said to is part of the content."""
    group_id = world.group(ann, bob)
    ann.says(bob.user, "hello", cid="c1")
    ann.says_to_group(group_id, "hello", cid="c1")
    assert ann.client.statuses == ["CidConflict"]


def test_a_failed_store_fails_the_whole_message(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """Sent again under its cid it reaches who did not get it, and the others know it."""
    group_id = world.group(ann, bob, cid)
    cid.leaves()
    world.mailbox.failing = True
    ann.says_to_group(group_id, "hello", cid="c1")
    bob.takes_over()
    assert ann.client.statuses == ["TryAgain"]
    world.mailbox.failing = False
    ann.says_to_group(group_id, "hello", cid="c1")
    bob.takes_over()
    assert ann.client.statuses == ["TryAgain", "stored"]
    assert {push.message.cid for push in bob.client.pushes} == {"c1"}
    assert world.waiting_for(cid.user) == ["hello"]


@pytest.mark.parametrize("failing", [False, True])
def test_each_recipient_counts_once(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal, failing: bool
) -> None:
    """Who takes over what was stored for lateness does not count for somebody else."""
    group_id = world.group(ann, bob, cid)
    ann.says_to_group(group_id, "hello")
    world.clock.advance(UNSETTLED_FOR / 1000)
    world.mailbox.failing = failing
    bob.ticks()
    world.mailbox.failing = False
    bob.takes_over()
    assert ann.client.answers == []
    cid.takes_over()
    assert ann.client.statuses == ["TryAgain" if failing else "stored"]


def test_who_is_quicker_than_the_store_counts_once(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """It is taken over while it is being stored for lateness."""
    group_id = world.group(ann, bob, cid)
    ann.says_to_group(group_id, "hello")
    world.clock.advance(UNSETTLED_FOR / 1000)
    world.mailbox.slow_writes = True
    bob.ticks()
    bob.takes_over()
    world.settle()
    assert ann.client.answers == []
    cid.takes_over()
    assert ann.client.statuses == ["delivered"]


def test_a_group_message_counts_as_one_unanswered(
    world: World, ann: Terminal, bob: Terminal, cid: Terminal
) -> None:
    """However many members there are."""
    group_id = world.group(ann, bob, cid)
    for number in range(256):
        ann.says_to_group(group_id, str(number))
    with pytest.raises(TooManyUnanswered):
        ann.says_to_group(group_id, "one too many")
