"""Catching up with the mailbox."""

import pytest

from chat_domain.delivery.session import WINDOW_MESSAGES
from chat_domain.model import Entry, User
from tests.unit.world import Terminal, World


@pytest.fixture
def world() -> World:
    return World(mailbox_capacity=2000)


@pytest.fixture
def ann(world: World) -> Terminal:
    """Somebody who wants no answers, and so may write as much as she likes."""
    return world.log_in(world.register("Ann")[0], wants_answers=False)


@pytest.fixture
def away(world: World) -> User:
    return world.register("Bob")[0]


def send(sender: Terminal, to: User, count: int, first: int = 0) -> list[str]:
    texts = [str(number) for number in range(first, first + count)]
    for text in texts:
        sender.says(to, text)
    return texts


def test_a_thousand_stored_messages_come_in_windows_with_live_ones_behind(
    world: World, ann: Terminal, away: User
) -> None:
    """In order, numbered without a gap, and the mailbox is empty at the end."""
    texts = send(ann, away, 1000)
    bob = world.log_in(away)
    assert bob.client.texts == texts[:WINDOW_MESSAGES]
    while bob.session.last_push < 1100:
        if len(texts) < 1100:
            texts += send(ann, away, 5, len(texts))
        bob.takes_over(bob.session.last_push - 20)
        assert len(bob.client.pushes) <= bob.session.last_push
    bob.takes_over()
    assert bob.client.texts == texts
    assert bob.client.numbers == list(range(1, 1101))
    assert world.waiting_for(away) == []
    assert bob.is_live
    ann.says(away, "live")
    assert not bob.client.pushes[-1].stored


def test_what_comes_while_catching_up_is_stored_behind(
    world: World, ann: Terminal, away: User
) -> None:
    """It does not overtake what waits in the mailbox."""
    send(ann, away, WINDOW_MESSAGES + 1)
    bob = world.log_in(away)
    ann.says(away, "new")
    assert world.waiting_for(away)[-1] == "new"
    bob.takes_over()
    assert bob.client.texts[-2:] == [str(WINDOW_MESSAGES), "new"]


def test_who_logs_in_while_others_write_without_a_pause_is_live_after_the_last_read(
    world: World, ann: Terminal, away: User
) -> None:
    """What comes during the read waits behind it, and takes no way through the mailbox."""
    ann.says(away, "stored")
    world.mailbox.slow_reads = world.mailbox.slow_writes = True
    bob = world.log_in(away)
    ann.says(away, "live")
    world.settle()
    assert bob.client.texts == ["stored", "live"]
    assert [push.stored for push in bob.client.pushes] == [True, False]
    assert bob.is_live


def test_a_store_that_does_not_answer_is_asked_again_at_the_next_tick(
    world: World, ann: Terminal, away: User
) -> None:
    """Nothing is lost by it."""
    send(ann, away, 3)
    world.mailbox.failing = True
    bob = world.log_in(away)
    assert bob.client.texts == []
    world.mailbox.failing = False
    bob.ticks()
    assert bob.client.texts == ["0", "1", "2"]
    assert bob.is_live


def test_a_read_that_fails_between_windows_is_made_up_for(
    world: World, ann: Terminal, away: User
) -> None:
    """The session goes on where it was."""
    texts = send(ann, away, 2 * WINDOW_MESSAGES)
    bob = world.log_in(away)
    world.mailbox.failing = True
    bob.takes_over()
    world.mailbox.failing = False
    bob.ticks()
    bob.takes_over()
    assert bob.client.texts == texts
    assert bob.is_live


def test_what_could_not_be_removed_comes_again_at_the_next_login(
    world: World, ann: Terminal, away: User
) -> None:
    """But not in this session; its cid tells the client that it is a copy."""
    ann.says(away, "hello", cid="c1")
    bob = world.log_in(away)
    world.mailbox.failing = True
    bob.takes_over()
    world.mailbox.failing = False
    bob.session.note_store()
    bob.ticks()
    assert bob.client.texts == ["hello"]
    bob.leaves()
    bob = world.log_in(away)
    assert [push.message.cid for push in bob.client.pushes] == ["c1"]
    bob.takes_over()
    assert world.waiting_for(away) == []


def test_a_removal_under_way_is_not_pushed_again(world: World, ann: Terminal, away: User) -> None:
    """A read that begins before the removal is done leaves it out."""
    ann.says(away, "hello")
    bob = world.log_in(away)
    world.mailbox.slow_writes = True
    bob.takes_over()
    bob.session.note_store()
    bob.ticks()
    world.settle()
    assert bob.client.texts == ["hello"]
    assert world.waiting_for(away) == []
    assert bob.is_live


def test_what_was_removed_is_not_remembered(world: World, ann: Terminal, away: User) -> None:
    """Reads leave out what is on the way, and that is no more than a window."""
    send(ann, away, 3)
    bob = world.log_in(away)
    assert len(bob.session.begin_read()[1]) == 3
    bob.session.end_read(None, 1)
    bob.takes_over()
    assert bob.session.begin_read()[1] == frozenset()


def test_what_becomes_visible_behind_later_messages_is_not_missed(
    world: World, ann: Terminal, away: User
) -> None:
    """Rows commit out of order, so each read begins at the front."""
    early = world.chat.delivery.accept(ann.session, 0, "early", None)
    ann.says(away, "late")
    bob = world.log_in(away)
    assert bob.client.texts == ["late"]
    world.tasks.run(world.store.mailbox.add([Entry(away.id, early)]))
    world.chat.delivery.fetch(away.id)
    world.tasks.drain()
    assert bob.client.texts == ["late", "early"]


def test_two_wishes_to_fetch_make_one_read(world: World, ann: Terminal, away: User) -> None:
    """So that nothing is read, and pushed, twice."""
    send(ann, away, 3)
    bob = world.log_in(away)
    bob.session.note_store()
    before = world.mailbox.reads
    world.chat.offline.fetch(bob.session)
    world.chat.offline.fetch(bob.session)
    world.tasks.drain()
    assert world.mailbox.reads == before + 1


def test_a_store_under_way_is_waited_for_and_not_polled(
    world: World, ann: Terminal, away: User
) -> None:
    """A session that has read all there is reads again when the store is done, not before."""
    bob = world.log_in(away)
    bob.session.store_begins()
    bob.session.note_store()
    before = world.mailbox.reads
    for _ in range(5):
        bob.ticks()
    assert world.mailbox.reads == before + 1
    bob.session.store_ended()
    bob.ticks()
    assert world.mailbox.reads == before + 2
    assert bob.is_live


def test_a_notice_during_a_read_is_followed_by_another(
    world: World, ann: Terminal, away: User
) -> None:
    """Or what was stored meanwhile would wait for the next login."""
    bob = world.log_in(away)
    bob.session.note_store()
    before = world.mailbox.reads
    world.mailbox.slow_reads = True
    bob.ticks()
    bob.session.note_store()
    world.settle()
    assert world.mailbox.reads == before + 2
    assert bob.is_live


def test_a_session_that_ends_during_a_read_gets_nothing(
    world: World, ann: Terminal, away: User
) -> None:
    """What was found stays in the mailbox."""
    send(ann, away, 3)
    world.mailbox.slow_reads = True
    bob = world.log_in(away)
    bob.leaves()
    world.settle()
    world.mailbox.slow_reads = False
    assert bob.client.pushes == []
    assert world.waiting_for(away) == ["0", "1", "2"]
