"""Messages from one user to another, and what the senders are told."""

import pytest

from chat_domain.entries import pair
from chat_domain.errors import TooManyUnanswered, TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import Limits
from chat_domain.log.session import MOST_UNANSWERED
from chat_domain.messages.p2p import CHECK_EVERY
from chat_domain.model import User
from tests.unit.world import Said, Terminal, World


def test_a_message_is_acknowledged_once_it_is_in_the_log(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The answer comes no earlier, whether or not the recipient is there, and has the message's
    position."""
    world.log.slow_writes = True
    ann.says(bob.user, "hello", tag=7)
    assert ann.client.answers == []
    assert bob.client.texts == []
    world.settle()
    (entry,) = world.entries()
    assert [(one.tag, one.at) for one in ann.client.answers] == [(7, entry.at)]
    assert bob.client.texts == ["hello"]


def test_the_recipient_learns_who_spoke_and_when(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The server tells them, not the sender's frame."""
    ann.says(bob.user, "hello", cid="c1")
    (entry,) = bob.client.entries
    assert (entry.sender_id, entry.sender_name, entry.cid) == (ann.user.id, "Ann", "c1")
    assert entry.time_ms == world.clock.ms
    assert entry.conv == pair(ann.user.id, bob.user.id)


def test_a_message_without_a_cid_gets_one(ann: Terminal, bob: Terminal) -> None:
    """Two equal texts are therefore two messages."""
    ann.says(bob.user, "hello")
    ann.says(bob.user, "hello")
    first, second = bob.client.entries
    assert first.cid != second.cid


def test_one_may_write_to_oneself(ann: Terminal, world: World) -> None:
    """The message goes once to each of the user's other devices."""
    other = world.log_in(ann.user)
    ann.says(ann.user, "a note")
    assert ann.client.statuses == ["accepted"]
    assert ann.client.texts == []
    assert other.client.texts == ["a note"]


def test_all_devices_of_both_are_shown_a_message(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Only the session that has sent it is not."""
    others = [world.log_in(ann.user), world.log_in(bob.user)]
    ann.says(bob.user, "hello")
    assert [one.client.texts for one in (ann, bob, *others)] == [
        [],
        ["hello"],
        ["hello"],
        ["hello"],
    ]


def test_a_message_to_a_logged_out_user_is_shown_at_the_next_login(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The sender gets the same answer as ever."""
    bob.leaves()
    ann.says(bob.user, "hello")
    assert ann.client.statuses == ["accepted"]
    assert world.log_in(bob.user).client.texts == ["hello"]


def test_what_several_send_in_one_turn_is_committed_together(world: World, bob: Terminal) -> None:
    """Each sender still gets an answer."""
    senders = [world.newcomer(f"sender {number}") for number in range(3)]
    for sender in senders:
        sender.says(bob.user, "the first is looked at")
    for sender in senders:
        world.chat.one_to_one.send(sender.session, bob.user.id, _said())
    assert len(world.chat.queue) == 3
    world.tasks.drain()
    assert [sender.client.statuses[1:] for sender in senders] == [["accepted"]] * 3
    assert bob.client.positions[-3:] == [4, 5, 6]


def _said() -> Said:
    return Said("hello", "c")


def test_nobody_can_be_written_to_who_is_not_there(world: World, ann: Terminal) -> None:
    """The sender is told that there is no such user, and nothing is written."""
    ann.says(User(99, "nobody"), "hello")
    assert ann.client.statuses == ["NoSuchUser"]
    assert world.entries() == []


def test_a_second_copy_is_the_same_message(ann: Terminal, bob: Terminal) -> None:
    """The recipient is shown it once, and the sender gets the position of the first copy."""
    ann.says(bob.user, "hello", cid="c1", tag=1)
    ann.says(bob.user, "hello", cid="c1", tag=2)
    assert bob.client.texts == ["hello"]
    assert [(one.tag, one.at) for one in ann.client.answers] == [(1, 1), (2, 1)]


def test_another_content_under_the_same_cid_is_a_conflict(ann: Terminal, bob: Terminal) -> None:
    """The text or the recipient may differ."""
    ann.says(bob.user, "hello", cid="c1")
    ann.says(bob.user, "other", cid="c1")
    ann.says(ann.user, "hello", cid="c1")
    assert ann.client.statuses == ["accepted", "CidConflict", "CidConflict"]


def test_a_session_has_256_messages_without_an_answer_at_most(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Further ones are refused until some are answered. Then the node expects the refused one
    first."""
    ann.says(bob.user, "the first is looked at")
    world.log.slow_writes = True
    for number in range(1, CHECK_EVERY):
        ann.says(bob.user, str(number))
    for number in range(CHECK_EVERY, MOST_UNANSWERED + 1):
        ann.says(ann.user, str(number))
    with pytest.raises(TooManyUnanswered):
        world.chat.one_to_one.send(ann.session, ann.user.id, Said("late", "c1"))
    world.settle()
    world.log.slow_writes = False
    with pytest.raises(TryAgain):
        world.chat.one_to_one.send(ann.session, ann.user.id, Said("behind", "c2"))
    ann.says(ann.user, "late", cid="c1")
    ann.says(ann.user, "behind", cid="c2")
    assert ann.client.statuses[-2:] == ["accepted", "accepted"]
    assert [entry.text for entry in world.entries()][-2:] == ["late", "behind"]


class TestUnlisted:
    @pytest.fixture
    def world(self) -> World:
        return World(guard=Guard(Limits(waiting_from_unlisted=3)))

    def test_an_unlisted_one_s_messages_wait_up_to_a_number(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """Further ones are refused over any session, except a copy of one that waits."""
        bob.leaves()
        for number in range(3):
            ann.says(bob.user, str(number), cid=f"c{number}")
        again = world.log_in(ann.user)
        for sender in (ann, again):
            sender.says(bob.user, "one more")
            assert sender.client.statuses[-1] == "MailboxFull"
        again.says(bob.user, "0", cid="c0")
        assert again.client.statuses[-1] == "accepted"
        assert len(world.entries()) == 3

    @pytest.mark.parametrize("before", [0, 2])
    def test_those_on_their_way_into_the_log_count(
        self, world: World, ann: Terminal, bob: Terminal, before: int
    ) -> None:
        """However fast they come, and whether or not a few are in the log already."""
        bob.leaves()
        for number in range(before):
            ann.says(bob.user, str(number))
        ann = world.log_in(ann.user)
        world.log.slow_writes = True
        for number in range(before, 3):
            ann.says(bob.user, str(number))
        ann.says(bob.user, "one more")
        world.settle()
        assert ann.client.statuses == [*["accepted"] * (3 - before), "MailboxFull"]

    def test_those_on_their_way_to_others_do_not_count(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """There may be more of them than may wait for the user."""
        bob.leaves()
        world.log.slow_writes = True
        for number in range(5):
            ann.says(ann.user, str(number))
        ann.says(bob.user, "the first")
        world.settle()
        assert ann.client.statuses == ["accepted"] * 6

    def test_who_has_conversations_with_many_begins_none_with_somebody_unlisted(
        self, ann: Terminal, bob: Terminal
    ) -> None:
        """Being on the other user's list permits it. Conversations that have begun go on."""
        world = bob.world
        world.chat.one_to_one.guard.limits = Limits(conversations_per_user=1)
        cid = world.newcomer("Cid")
        ann.says(bob.user, "the one")
        again = world.log_in(ann.user)
        again.says(cid.user, "one too many")
        again.says(bob.user, "goes on")
        world.tasks.run(world.chat.friends.add(cid.user.id, ann.user.id))
        again.says(cid.user, "as a friend")
        assert again.client.statuses == ["TooManyConversations", "accepted", "accepted"]
        assert world.chat.one_to_one.guard.counters.conversations_refused == 1

    def test_whoever_is_on_the_list_may_go_on(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """There is no bound on how many of their messages wait."""
        bob.leaves()
        world.tasks.run(world.chat.friends.add(bob.user.id, ann.user.id))
        for number in range(CHECK_EVERY + 1):
            ann.says(bob.user, str(number))
        assert len(world.entries()) == CHECK_EVERY + 1

    def test_what_a_device_has_got_does_not_wait(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """The conversation therefore goes on."""
        for number in range(3):
            ann.says(bob.user, str(number))
        bob.takes_over()
        world.passes(1.0)
        ann.says(bob.user, "more")
        assert bob.client.texts[-1] == "more"
