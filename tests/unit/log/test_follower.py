"""A node applies the log once and in order, whatever it hears of it."""

import pytest

from chat_domain.entries import (
    Change,
    ChangeKind,
    Entry,
    pair,
)
from chat_domain.log.follower import GAP_WAITS, OWN_BATCH_WAITS, READ_AT_ONCE, Follower
from chat_domain.notes import Appended
from tests.unit.log.elsewhere import Elsewhere, hear
from tests.unit.world import Said, Terminal, World


def test_what_others_have_committed_is_shown_when_its_note_arrives(
    world: World, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """It is shown without a look at the log."""
    hear(world, elsewhere.commits("one", "two"), elsewhere.commits("three"))
    assert bob.client.texts == ["one", "two", "three"]


def test_notes_in_any_order_make_the_same_log(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """Duplicates count once, and early ones wait for those in between."""
    one, two, three = (elsewhere.commits(text) for text in ("one", "two", "three"))
    hear(world, three, two)
    assert bob.client.texts == []
    hear(world, one, two, one)
    assert bob.client.texts == ["one", "two", "three"]
    assert bob.client.positions == [1, 2, 3]
    assert follower.lag == 0


def test_early_notes_wait_until_each_gap_below_them_is_closed(
    world: World, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """Closing the first gap shows nothing that is above the second."""
    one, two, three, four = (elsewhere.commits(text) for text in ("one", "two", "three", "four"))
    hear(world, four, two, one)
    assert bob.client.texts == ["one", "two"]
    hear(world, three)
    assert bob.client.texts == ["one", "two", "three", "four"]


def test_what_was_received_in_part_is_shown_once(
    world: World, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """Some of a batch, or of what is read to close a gap, may have arrived before."""
    one, two = elsewhere.commits("one"), elsewhere.commits("two")
    hear(world, one, Appended(one.epoch, one.first, two.upto, (*one.entries, *two.entries)))
    assert bob.client.texts == ["one", "two"]


def test_what_was_not_heard_of_is_read(world: World, bob: Terminal, elsewhere: Elsewhere) -> None:
    """The node reads it shortly after it has heard of something later."""
    elsewhere.commits("lost")
    hear(world, elsewhere.commits("heard"))
    assert bob.client.texts == []
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["lost", "heard"]


def test_a_position_that_the_log_does_not_have_is_not_waited_for(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """Whoever can send notes may name any. What is written later has its place."""
    hear(world, Appended(follower.epoch, 99, 99, ()))
    assert follower.lag == 99 - follower.applied
    world.passes(GAP_WAITS)
    assert follower.lag == 0
    hear(world, elsewhere.commits("one"))
    assert bob.client.texts == ["one"]


def test_the_clock_finds_what_nobody_has_told(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """This holds however much that is."""
    elsewhere.commits(*(str(number) for number in range(READ_AT_ONCE + 1)))
    world.tasks.start(follower.poll_head())
    world.tasks.drain()
    world.passes(GAP_WAITS)
    assert len(bob.client.texts) == READ_AT_ONCE + 1


@pytest.fixture
def untold(world: World, ann: Terminal, bob: Terminal, follower: Follower) -> None:
    """Ann has written to Bob. It is in the log, where the clock finds it before the node is told of
    it, and GAP_WAITS seconds have passed."""
    world.log.slow_answers = True
    ann.says(bob.user, "mine")
    world.tasks.start(follower.poll_head())
    world.tasks.drain()
    world.passes(GAP_WAITS)


@pytest.mark.usefixtures("untold")
def test_what_this_node_is_about_to_be_told_of_is_not_read(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Otherwise, its writer would be shown it as another's before being told that it is written."""
    world.log.serve()
    world.passes(GAP_WAITS)
    assert ann.client.texts == []
    assert ann.client.statuses == ["accepted"]
    assert bob.client.texts == ["mine"]


def test_what_this_node_writes_while_a_gap_is_read_is_not_shown_to_its_writer(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """The log already has it when it answers, but does not say who wrote it here."""
    note = elsewhere.commits("missing")
    hear(world, Appended(note.epoch, note.first, note.upto, ()))
    world.log.slow_reads = True
    world.passes(GAP_WAITS)
    ann.says(bob.user, "mine")
    world.tasks.drain()
    world.log.slow_reads = False
    world.settle()
    assert "mine" not in ann.client.texts
    assert bob.client.texts == ["missing", "mine"]


def test_what_this_node_writes_is_not_shown_to_its_writer_before_its_outcome_is_there(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """The log has it when a gap is read, and answers that first."""
    note = elsewhere.commits("missing")
    hear(world, Appended(note.epoch, note.first, note.upto, ()))
    world.log.slow_reads = world.log.slow_answers = True
    world.passes(GAP_WAITS)
    ann.says(bob.user, "mine")
    world.log.slow_reads = False
    while world.log.reading:
        world.log.reading.popleft()()
        world.tasks.drain()
    world.settle()
    world.passes(GAP_WAITS)
    assert ann.client.statuses == ["accepted"]
    assert "mine" not in ann.client.texts
    assert bob.client.texts == ["missing", "mine"]


@pytest.mark.usefixtures("untold")
def test_what_this_node_is_never_told_of_is_read(world: World, bob: Terminal) -> None:
    """After OWN_BATCH_WAITS, its own batch is no reason to wait any longer."""
    for _ in range(OWN_BATCH_WAITS):
        world.passes(GAP_WAITS)
    assert bob.client.texts == ["mine"]


def test_of_a_large_batch_only_the_positions_are_in_the_note(
    world: World, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """The node then reads it."""
    note = elsewhere.commits("one", "two")
    hear(world, Appended(note.epoch, note.first, note.upto, ()))
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["one", "two"]


def test_a_store_that_does_not_answer_is_asked_again(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """The clock causes the next attempt."""
    elsewhere.commits("lost")
    world.log.failing = True
    hear(world, elsewhere.commits("heard"))
    world.passes(GAP_WAITS)
    assert bob.client.texts == []
    world.log.failing = False
    world.tasks.start(follower.poll_head())
    world.tasks.drain()
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["lost", "heard"]


def test_a_membership_counts_from_its_entry_on(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """This holds on whichever node it was made. A user who leaves sees the leaving and nothing
    after it."""
    group = world.group(ann)
    hear(world, elsewhere.changes(bob, group, Change(ChangeKind.JOINED)))
    ann.says_to_group(group, "welcome")
    hear(world, elsewhere.changes(bob, group, Change(ChangeKind.LEFT)))
    ann.says_to_group(group, "gone?")
    assert bob.client.texts == ["welcome"]
    assert bob.client.changes == ["joined", "left"]
    assert not bob.session.groups


@pytest.mark.usefixtures("judged_again")
def test_who_writes_to_a_group_that_they_have_left_elsewhere_is_refused(
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
) -> None:
    """They are even if this node had not heard of it: it judges the message again, either by the
    changes that the log tells it or once it has applied the leaving."""
    group = world.group(ann, bob)
    elsewhere.changes(bob, group, Change(ChangeKind.LEFT))
    bob.says_to_group(group, "still here?")
    ann.says(bob.user, "sent in the same moment")
    world.passes(GAP_WAITS)
    world.tasks.drain()
    assert bob.client.statuses == ["NotMember"]
    assert ann.client.texts == []
    assert ann.client.statuses == ["accepted"]


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        (Change(ChangeKind.DEVICE_ENDED, detail="phone"), ["phone"]),
        (Change(ChangeKind.ALL_ENDED), ["phone", "laptop"]),
        (Change(ChangeKind.ALL_ENDED, detail="phone"), ["laptop"]),
        (Change(ChangeKind.ERASED), ["phone", "laptop"]),
    ],
)
def test_sessions_end_by_entries(
    world: World, bob: Terminal, elsewhere: Elsewhere, change: Change, ended: list[str]
) -> None:
    """They do on any node; other users' sessions do not."""
    bob.leaves()
    devices = {name: world.log_in(bob.user, name) for name in ("phone", "laptop")}
    conv = pair(bob.user.id, bob.user.id)
    hear(world, elsewhere.changes(bob, conv, change))
    told = [name for name, one in devices.items() if one.client.notices == ["revoked"]]
    assert told == ended
    assert [name for name, one in devices.items() if one.session.ended] == ended


def test_what_comes_early_and_doubled_is_counted_once(
    world: World, bob: Terminal, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it takes no room from other early entries."""
    one, two = elsewhere.commits("one"), elsewhere.commits("two")
    monkeypatch.setattr("chat_domain.log.reorder_buffer.MOST_BYTES", 2 * two.entries[0].size)
    hear(world, *[two] * 5, elsewhere.commits("six"))
    world.log.failing = True  # so that none of it can be read
    hear(world, one)
    assert bob.client.texts == ["one", "two", "six"]


def test_one_turn_of_the_loop_applies_for_so_many_readers(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest follows in later turns, in order, with other work in between."""
    monkeypatch.setattr("chat_domain.log.follower.AT_ONCE", 6)
    other = Elsewhere(world, ann, bob)
    note = other.commits("one", "two", "three", "four")
    world.chat.node.receive(note)
    assert bob.client.texts == ["one", "two"]
    assert world.chat.follower.lag == 2
    world.tasks.turn()
    assert bob.client.texts == ["one", "two", "three", "four"]
    assert world.chat.follower.lag == 0


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry is applied in each turn of the loop, and two may wait."""
    monkeypatch.setattr("chat_domain.log.follower.AT_ONCE", 1)
    monkeypatch.setattr("chat_domain.log.follower.MAX_PENDING", 2)


@pytest.mark.usefixtures("slow")
def test_what_others_say_is_not_kept_where_too_much_waits_to_be_applied(
    world: World, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """The node reads it from the log later."""
    world.log.failing = True
    hear(world, elsewhere.commits("one", "two", "three", "four"), elsewhere.commits("five"))
    assert bob.client.texts == ["one", "two", "three", "four"]
    world.log.failing = False
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["one", "two", "three", "four", "five"]


@pytest.mark.usefixtures("slow")
def test_nothing_is_written_while_too_much_waits_to_be_applied(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """It waits in the queue, which is bounded."""
    ann.says(bob.user, "the first is looked at")
    one_to_one, follower = world.chat.one_to_one, world.chat.follower
    for number in range(10):
        one_to_one.send(ann.session, bob.user.id, Said(str(number)))
    while not follower.lag:
        world.tasks.turn()
    one_to_one.send(ann.session, bob.user.id, Said("late"))
    while len(world.chat.queue):
        assert "late" not in bob.client.texts
        world.tasks.turn()
    assert follower.lag <= 3
    world.tasks.drain()
    assert bob.client.texts[-1] == "late"


def test_what_is_erased_is_no_text_any_more_for_who_is_behind(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """This node does not keep the text, either."""
    bob.chokes()
    ann.says(bob.user, "a secret")
    hear(world, elsewhere.changes(ann, pair(ann.user.id, ann.user.id), Change(ChangeKind.ERASED)))
    bob.takes_more()
    assert bob.client.texts == [""]


def test_a_defect_while_entries_are_applied_does_not_end_that(
    world: World, bob: Terminal, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What raised an exception is passed over, and the node goes on with what comes next."""
    show = bob.client.show

    def show_some(entry: Entry) -> None:
        if entry.text == "two":
            raise RuntimeError("a defect")
        show(entry)

    monkeypatch.setattr(bob.client, "show", show_some)
    with pytest.raises(RuntimeError, match="a defect"):
        world.chat.node.receive(elsewhere.commits("one", "two", "three"))
    world.tasks.drain()
    assert bob.client.texts == ["one", "three"]
    hear(world, elsewhere.commits("four"))
    assert bob.client.texts == ["one", "three", "four"]


def test_a_defect_while_an_own_change_is_applied_does_not_end_writing(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is queued behind the change is written all the same, and so is what comes later."""
    group = world.group(ann, bob)

    def show(_: Entry) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as broken:
        broken.setattr(bob.client, "show", show)
        with pytest.raises(RuntimeError, match="a defect"):
            world.tasks.run(world.chat.groups.rename(ann.user, group, "Go"))
    ann.says_to_group(group, "hello")
    assert bob.client.texts == ["hello"]
    assert len(world.chat.queue) == 0
