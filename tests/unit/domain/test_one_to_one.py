"""Messages from one user to another, and what their senders are told."""

import pytest

from chat_domain.delivery.delivery import MAX_UNANSWERED
from chat_domain.delivery.session import UNSETTLED_FOR, WAITING_MESSAGES, WINDOW_MESSAGES
from chat_domain.errors import TooManyUnanswered
from tests.unit.fakes import Push
from tests.unit.world import Terminal, World


def test_a_message_is_delivered_once_the_client_has_taken_it_over(
    ann: Terminal, bob: Terminal
) -> None:
    """Not when it is pushed. The answer carries the request's mark and the message's id."""
    ann.says(bob.user, "hello", tag=5)
    assert bob.client.texts == ["hello"]
    assert ann.client.answers == []
    bob.takes_over()
    (answer,) = ann.client.answers
    assert (answer.tag, answer.status) == (5, "delivered")
    assert answer.mid == bob.client.pushes[0].message.mid


def test_the_recipient_learns_who_spoke_and_when(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """From the server, not from the sender's frame."""
    ann.says(bob.user, "hello", cid="c1")
    (push,) = bob.client.pushes
    assert (push.message.sender_id, push.message.sender_name) == (ann.user.id, "Ann")
    assert (push.message.time_ms, push.message.group_id) == (world.clock.ms, 0)
    assert (push.message.cid, push.number, push.stored) == ("c1", 1, False)


def test_a_message_without_a_cid_gets_one(ann: Terminal, bob: Terminal) -> None:
    """So two equal texts are two messages."""
    ann.says(bob.user, "hello")
    ann.says(bob.user, "hello")
    one, other = (push.message for push in bob.client.pushes)
    assert one.cid == one.mid
    assert one.cid != other.cid


def test_one_may_write_to_oneself(ann: Terminal) -> None:
    """As to anybody."""
    ann.says(ann.user, "a note")
    ann.takes_over()
    assert ann.client.texts == ["a note"]
    assert ann.client.statuses == ["delivered"]


def test_a_message_to_a_logged_out_user_is_delivered_at_the_next_login(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Its sender is told that it is stored."""
    bob.leaves()
    ann.says(bob.user, "hello")
    assert ann.client.statuses == ["stored"]
    bob = world.log_in(bob.user)
    assert bob.client.pushes == [Push(1, bob.client.pushes[0].message, stored=True)]
    assert bob.client.texts == ["hello"]
    bob.takes_over()
    assert world.waiting_for(bob.user) == []
    assert len(ann.client.answers) == 1


def test_what_several_send_in_one_turn_is_stored_together(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """And each of them has an answer."""
    away = world.newcomer("Carl")
    away.leaves()
    world.mailbox.slow_writes = True
    for sender in (ann, bob):
        world.chat.one_to_one.send(sender.session, away.user.id, f"by {sender.user.name}", None, 1)
    world.tasks.drain()
    assert len(world.mailbox.writing) == 1
    world.settle()
    assert ann.client.statuses == bob.client.statuses == ["stored"]
    assert world.waiting_for(away.user) == ["by Ann", "by Bob"]


def test_a_full_mailbox_refuses(ann: Terminal, bob: Terminal) -> None:
    """And keeps what it has."""
    world = World(mailbox_capacity=2)
    ann, bob = world.newcomer("Ann"), world.newcomer("Bob")
    bob.leaves()
    for text in ("one", "two", "three"):
        ann.says(bob.user, text)
    assert ann.client.statuses == ["stored", "stored", "MailboxFull"]
    assert world.waiting_for(bob.user) == ["one", "two"]


def test_nobody_can_be_written_to_who_is_not_there(world: World, ann: Terminal) -> None:
    """The sender is told that there is no such user."""
    (ghost,) = world.register("Ghost")
    unknown = type(ghost)(99, "Nobody")
    ann.says(unknown, "hello", tag=3)
    assert ann.client.statuses == ["NoSuchUser"]
    assert ann.client.answers[0].tag == 3


def test_a_second_copy_is_the_same_message(ann: Terminal, bob: Terminal) -> None:
    """It joins the first on its way: pushed once, answered twice with the first one's id."""
    ann.says(bob.user, "hello", cid="c1", tag=1)
    ann.says(bob.user, "hello", cid="c1", tag=2)
    bob.takes_over()
    assert bob.client.texts == ["hello"]
    assert [answer.tag for answer in ann.client.answers] == [1, 2]
    assert {answer.mid for answer in ann.client.answers} == {bob.client.pushes[0].message.mid}


def test_a_second_copy_for_the_mailbox_is_the_same_message(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The one on file is what both answers speak of."""
    bob.leaves()
    ann.says(bob.user, "hello", cid="c1")
    ann.says(bob.user, "hello", cid="c1")
    assert world.waiting_for(bob.user) == ["hello"]
    assert ann.client.statuses == ["stored", "stored"]
    assert len({answer.mid for answer in ann.client.answers}) == 1


def test_another_content_under_the_same_cid_is_a_conflict(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Whether the recipient is there or away."""
    ann.says(bob.user, "hello", cid="c1")
    ann.says(bob.user, "goodbye", cid="c1")
    assert ann.client.statuses == ["CidConflict"]
    bob.leaves()
    ann.says(bob.user, "goodbye", cid="c1")
    assert ann.client.statuses == ["CidConflict", "stored", "CidConflict"]
    assert world.waiting_for(bob.user) == ["hello"]


def test_a_session_has_256_messages_without_an_answer_at_most(ann: Terminal, bob: Terminal) -> None:
    """Further ones are refused until some are answered."""
    for number in range(MAX_UNANSWERED):
        ann.says(bob.user, str(number))
    with pytest.raises(TooManyUnanswered):
        ann.says(bob.user, "one too many")
    bob.takes_over(1)
    ann.says(bob.user, "again")
    with pytest.raises(TooManyUnanswered):
        ann.says(bob.user, "one too many")


def test_who_wants_no_answers_gets_none(world: World, bob: Terminal) -> None:
    """Nor is it limited by them."""
    old = world.log_in(world.register("Old")[0], wants_answers=False)
    for number in range(MAX_UNANSWERED + 1):
        old.says(bob.user, str(number))
    while bob.session.last_push < MAX_UNANSWERED + 1:
        bob.takes_over()
    bob.takes_over()
    assert old.client.answers == []
    assert old.session.sendings.unanswered == {}


def test_what_was_under_way_to_a_client_that_left_is_stored(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """In order, behind nothing, and its senders are told so."""
    for text in ("one", "two", "three"):
        ann.says(bob.user, text)
    bob.takes_over(1)
    bob.leaves()
    assert ann.client.statuses == ["delivered", "stored", "stored"]
    assert world.waiting_for(bob.user) == ["two", "three"]


def test_a_flood_goes_by_way_of_the_mailbox(world: World, bob: Terminal) -> None:
    """What is too much to wait in memory is stored, in order, and nothing is lost."""
    world = World(mailbox_capacity=5000)
    bob = world.newcomer("Bob")
    old = world.log_in(world.register("Old")[0], wants_answers=False)
    count = WINDOW_MESSAGES + WAITING_MESSAGES + 10
    for number in range(count):
        old.says(bob.user, str(number))
    assert len(world.waiting_for(bob.user)) == count
    assert not bob.is_live
    while bob.session.last_push < count:
        bob.takes_over()
    assert bob.client.texts == [str(number) for number in range(count)]
    assert bob.is_live


def test_what_is_not_settled_in_time_is_stored(world: World, ann: Terminal, bob: Terminal) -> None:
    """Its sender is told by 10 s; should it be taken over after all, it leaves the mailbox."""
    ann.says(bob.user, "hello")
    world.clock.advance(UNSETTLED_FOR / 1000)
    bob.ticks()
    assert ann.client.statuses == ["stored"]
    assert world.waiting_for(bob.user) == ["hello"]
    bob.takes_over()
    assert world.waiting_for(bob.user) == []
    assert bob.client.texts == ["hello"]
    assert len(ann.client.answers) == 1
    assert bob.is_live


def test_what_is_taken_over_while_it_is_stored_leaves_the_mailbox(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The client was quicker than the disk."""
    ann.says(bob.user, "hello")
    world.clock.advance(UNSETTLED_FOR / 1000)
    world.mailbox.slow_writes = True
    bob.ticks()
    bob.takes_over()
    assert ann.client.statuses == ["delivered"]
    world.settle()
    assert world.waiting_for(bob.user) == []
    assert bob.client.texts == ["hello"]
    assert ann.client.statuses == ["delivered"]


def test_what_could_not_be_stored_for_lateness_is_still_the_session_s(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Its sender is told so; should the client leave, it is stored after all."""
    ann.says(bob.user, "hello")
    world.clock.advance(UNSETTLED_FOR / 1000)
    world.mailbox.failing = True
    bob.ticks()
    world.mailbox.failing = False
    assert ann.client.statuses == ["TryAgain"]
    bob.leaves()
    assert world.waiting_for(bob.user) == ["hello"]
    assert ann.client.statuses == ["TryAgain"]


def test_what_had_no_room_in_the_mailbox_is_still_the_session_s() -> None:
    """And is stored once there is room."""
    world = World(mailbox_capacity=1)
    ann, bob = world.newcomer("Ann"), world.newcomer("Bob")
    bob.leaves()
    ann.says(bob.user, "fills the box")
    bob = world.log_in(bob.user)
    ann.client.answers.clear()
    ann.says(bob.user, "hello")
    world.clock.advance(UNSETTLED_FOR / 1000)
    bob.ticks()
    assert ann.client.statuses == ["MailboxFull"]
    bob.takes_over(1)
    assert world.waiting_for(bob.user) == []
    bob.leaves()
    assert world.waiting_for(bob.user) == ["hello"]


def test_of_a_flood_the_last_is_refused() -> None:
    """What was under way and what waited is stored first, in the order in which it came."""
    world = World(mailbox_capacity=WINDOW_MESSAGES + WAITING_MESSAGES)
    bob = world.newcomer("Bob")
    old = world.log_in(world.register("Old")[0], wants_answers=False)
    for number in range(WINDOW_MESSAGES + WAITING_MESSAGES + 1):
        old.says(bob.user, str(number))
    stored = world.waiting_for(bob.user)
    assert stored[0] == "0"
    assert stored[-1] == str(WINDOW_MESSAGES + WAITING_MESSAGES - 1)


def test_what_cannot_be_stored_is_told_to_its_sender(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """As try_again, with everybody's own mark. Their sessions go on."""
    bob.leaves()
    world.mailbox.failing = True
    ann.says(bob.user, "hello", cid="c1", tag=1)
    assert ann.client.statuses == ["TryAgain"]
    world.mailbox.failing = False
    ann.says(bob.user, "hello", cid="c1", tag=2)
    assert ann.client.statuses == ["TryAgain", "stored"]
    assert ann.session.sendings.unanswered == {}


def test_what_was_stored_although_it_failed_is_found(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The recipient gets it once, also when its sender sends it again."""
    bob.leaves()
    world.mailbox.unsure = True
    ann.says(bob.user, "hello", cid="c1")
    world.mailbox.unsure = False
    ann.says(bob.user, "hello", cid="c1")
    assert ann.client.statuses == ["TryAgain", "stored"]
    assert world.log_in(bob.user).client.texts == ["hello"]


def test_messages_keep_their_order_when_the_recipient_comes_meanwhile(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Who logs in during a store does not turn live before having read what was stored."""
    bob.leaves()
    world.mailbox.slow_writes = True
    ann.says(bob.user, "first")
    bob = world.log_in(bob.user)
    ann.says(bob.user, "second")
    world.settle()
    world.mailbox.slow_writes = False
    ann.says(bob.user, "third")
    bob.takes_over()
    ann.says(bob.user, "fourth")
    assert bob.client.texts == ["first", "second", "third", "fourth"]
    assert bob.is_live
