"""A node applies the log once, in its order, whatever it hears of it."""

from typing import Any

import attrs
import pytest

from chat_domain.entries import (
    CHANGE,
    TEXT,
    Batch,
    Change,
    Ends,
    Entry,
    Place,
    Reading,
    What,
    pair,
)
from chat_domain.errors import TryAgain
from chat_domain.log.follower import GAP_WAITS, OWN_WAITS, READ_AT_ONCE, Follower
from chat_domain.notes import Appended
from tests.unit.delivery.safe import Safe
from tests.unit.fakes import Ticket, finished
from tests.unit.world import Said, Terminal, World


@pytest.fixture
def follower(world: World) -> Follower:
    return world.chat.follower


class Elsewhere:
    """Another node on the same log, as far as this one hears of it."""

    def __init__(self, world: World, sender: Terminal, to: Terminal) -> None:
        self.world, self.sender = world, sender.user
        self.conv = pair(sender.user.id, to.user.id)
        self.log = world.log.inner

    def commits(self, *texts: str) -> Appended:
        """Commit these; return what would be broadcast."""
        sender, now_ms = self.sender, self.world.clock.now_ms()
        entries = tuple(
            Entry(self.conv, TEXT, sender.id, sender.name, text, text, time_ms=now_ms)
            for text in texts
        )
        return self._commit(entries)

    def says_to_group(self, sender: Terminal, conv: int, text: str) -> Appended:
        user = sender.user
        return self._commit((Entry(conv, TEXT, user.id, user.name, text, text),))

    def changes(self, sender: Terminal, conv: int, change: Change) -> Appended:
        cid = self.world.ids.cid(0)
        user = sender.user
        return self._commit((Entry(conv, CHANGE, user.id, user.name, cid, change=change),))

    def _commit(self, entries: tuple[Entry, ...]) -> Appended:
        epoch = self.world.chat.follower.epoch
        head = finished(self.log.ends()).head
        self.log.commit(Batch(entries, epoch, head, Place()))
        return Appended(epoch, entries[0].at, entries[-1].at, entries)


@pytest.fixture
def elsewhere(world: World, ann: Terminal, bob: Terminal) -> Elsewhere:
    return Elsewhere(world, ann, bob)


def hear(world: World, *notes: Appended) -> None:
    for note in notes:
        world.chat.node.receive(note)
    world.tasks.drain()


def test_what_others_have_committed_is_shown_when_it_is_heard_of(
    world: World, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """Without a look into the log."""
    hear(world, elsewhere.commits("one", "two"), elsewhere.commits("three"))
    assert bob.client.texts == ["one", "two", "three"]


def test_notes_in_any_order_make_the_same_log(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """Doubled ones count once; what comes early waits for what is between."""
    one, two, three = (elsewhere.commits(text) for text in ("one", "two", "three"))
    hear(world, three, two)
    assert bob.client.texts == []
    hear(world, one, two, one)
    assert bob.client.texts == ["one", "two", "three"]
    assert bob.client.positions == [1, 2, 3]
    assert follower.lag == 0


def test_what_was_not_heard_of_is_read(world: World, bob: Terminal, elsewhere: Elsewhere) -> None:
    """A moment after something behind it was heard of."""
    elsewhere.commits("lost")
    hear(world, elsewhere.commits("heard"))
    assert bob.client.texts == []
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["lost", "heard"]


def test_the_clock_finds_what_nobody_has_told(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """However much that is."""
    elsewhere.commits(*(str(number) for number in range(READ_AT_ONCE + 1)))
    world.tasks.start(follower.look())
    world.tasks.drain()
    world.passes(GAP_WAITS)
    assert len(bob.client.texts) == READ_AT_ONCE + 1


@pytest.fixture
def untold(world: World, ann: Terminal, bob: Terminal, follower: Follower) -> None:
    """Ann has written to Bob. It is in the log, where the clock finds it before the node is told of
    it, and GAP_WAITS seconds have passed."""
    world.log.slow_answers = True
    ann.says(bob.user, "mine")
    world.tasks.start(follower.look())
    world.tasks.drain()
    world.passes(GAP_WAITS)


@pytest.mark.usefixtures("untold")
def test_what_this_node_is_about_to_be_told_of_is_not_read(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Its writer would be shown it as somebody else's, before it is told that it is written."""
    world.log.serve()
    world.passes(GAP_WAITS)
    assert ann.client.texts == []
    assert ann.client.statuses == ["accepted"]
    assert bob.client.texts == ["mine"]


@pytest.mark.usefixtures("untold")
def test_what_this_node_is_never_told_of_is_read(world: World, bob: Terminal) -> None:
    """After OWN_WAITS, its own batch is no reason to wait any longer."""
    for _ in range(OWN_WAITS):
        world.passes(GAP_WAITS)
    assert bob.client.texts == ["mine"]


def test_of_a_large_batch_only_the_positions_are_heard(
    world: World, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """And it is read."""
    note = elsewhere.commits("one", "two")
    hear(world, Appended(note.epoch, note.first, note.upto, ()))
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["one", "two"]


def test_a_store_that_does_not_answer_is_asked_again(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """By the clock."""
    elsewhere.commits("lost")
    world.log.failing = True
    hear(world, elsewhere.commits("heard"))
    world.passes(GAP_WAITS)
    assert bob.client.texts == []
    world.log.failing = False
    world.tasks.start(follower.look())
    world.tasks.drain()
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["lost", "heard"]


def test_a_membership_counts_from_its_entry_on(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """Wherever it was made; who leaves sees that, and nothing behind it."""
    group = world.group(ann)
    hear(world, elsewhere.changes(bob, group, Change(What.JOINED)))
    ann.says_to_group(group, "welcome")
    hear(world, elsewhere.changes(bob, group, Change(What.LEFT)))
    ann.says_to_group(group, "gone?")
    assert bob.client.texts == ["welcome"]
    assert bob.client.changes == ["joined", "left"]
    assert not bob.session.sights


def test_who_writes_to_a_group_that_they_have_left_elsewhere_is_refused(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """Although this node had not heard of it: that is applied first, and it is judged again."""
    group = world.group(ann, bob)
    elsewhere.changes(bob, group, Change(What.LEFT))
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
        (Change(What.DEVICE_ENDED, detail="phone"), ["phone"]),
        (Change(What.ALL_ENDED), ["phone", "laptop"]),
        (Change(What.ALL_ENDED, detail="phone"), ["laptop"]),
        (Change(What.ERASED), ["phone", "laptop"]),
    ],
)
def test_sessions_end_by_entries(
    world: World, bob: Terminal, elsewhere: Elsewhere, change: Change, ended: list[str]
) -> None:
    """On whatever node they are; other people's do not."""
    bob.leaves()
    devices = {name: world.log_in(bob.user, name) for name in ("phone", "laptop")}
    conv = pair(bob.user.id, bob.user.id)
    hear(world, elsewhere.changes(bob, conv, change))
    told = [name for name, one in devices.items() if one.client.notices == ["thrown out"]]
    assert told == ended
    assert [name for name, one in devices.items() if one.session.ended] == ended


def test_another_epoch_begins_anew(
    world: World, ann: Terminal, bob: Terminal, follower: Follower
) -> None:
    """Everybody who is here is told so, and goes on at the head."""
    ann.says(bob.user, "before")
    bob.takes_over()
    group = world.group(ann, bob)
    world.tasks.run(world.store.log.renew())
    hear(world, Appended("of another epoch", 99, 99, ()))
    assert bob.client.notices == [f"reset to {follower.applied}"]
    ann.says(bob.user, "behind")
    ann.says_to_group(group, "to all")
    assert bob.client.texts == ["before", "behind", "to all"]
    assert ann.client.statuses == ["accepted"] * 3


def test_however_many_speak_of_another_epoch_the_log_is_looked_at_once(
    world: World, follower: Follower
) -> None:
    """At a time: whoever can send notes could keep the store from everybody, and fill the memory.
    Also after a look that came to nothing, the next note has one."""
    world.log.slow_reads = True
    for failing in (False, True, False):
        world.log.failing = failing
        hear(world, *(Appended(f"epoch {number}", 99, 99, ()) for number in range(50)))
        assert len(world.log.reading) == 1
        world.settle()
    assert follower.epoch == finished(world.log.inner.ends()).epoch


def test_what_comes_early_and_doubled_is_counted_once(
    world: World, bob: Terminal, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it takes no room from what else comes early."""
    one, two = elsewhere.commits("one"), elsewhere.commits("two")
    monkeypatch.setattr("chat_domain.log.early.MOST_BYTES", 2 * two.entries[0].size)
    hear(world, *[two] * 5, elsewhere.commits("six"))
    world.log.failing = True  # so that nothing of it can be read
    hear(world, one)
    assert bob.client.texts == ["one", "two", "six"]


@pytest.mark.parametrize("slow", ["ends", "tail"])
def test_an_answer_of_before_positions_began_anew_is_too_late(
    world: World, bob: Terminal, follower: Follower, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    """Two ask for the log's head: the one who asked first, of a database that was about to be lost
    say, is answered last."""
    log, ticket = world.log, Ticket[None]()
    ends = finished(log.inner.ends())
    stale = attrs.evolve(ends, head=ends.head + 9, epoch="lost since")
    tail = log.tail

    async def lost_ends(*_: object) -> Ends:
        if slow == "ends":
            await ticket
        return stale

    async def slow_tail(after: int, limit: int) -> Reading:
        await ticket
        return await tail(after, limit)

    monkeypatch.setattr(log, "ends", lost_ends)
    if slow == "tail":
        monkeypatch.setattr(log, "tail", slow_tail)
    world.tasks.start(follower.look())
    world.tasks.drain()
    monkeypatch.undo()
    epoch = world.tasks.run(log.renew())
    world.tasks.run(follower.look())
    ticket.settle(lambda: None)
    world.settle()
    assert follower.epoch == epoch
    assert bob.client.notices == [f"reset to {ends.head}"]


def test_what_was_a_membership_before_positions_began_anew_is_none(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The database may have lost it. Until the session knows, what it writes has to come again."""
    group = world.group(ann, bob)
    world.begin_anew()
    with pytest.raises(TryAgain):
        bob.says_to_group(group, "too early", cid="c1")
    world.settle()
    bob.says_to_group(group, "too early", cid="c1")
    assert bob.client.statuses == ["accepted"]


def test_a_session_that_its_user_ends_while_positions_begin_anew_is_ended(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """That is applied before it is known again what the session may see."""
    world.begin_anew()
    world.tasks.run(world.chat.devices.end_all(bob.user))
    world.settle()
    assert (ann.session.ended, bob.session.ended) == (False, True)
    ann.says(bob.user, "to nobody")
    assert bob.client.texts == []


def test_who_joins_and_leaves_while_positions_begin_anew_is_shown_what_they_may_see(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Whether or not that is in what their sessions begin with; and they are counted once."""
    left = world.group(ann, bob)
    _, other = world.tasks.run(world.chat.groups.create(ann.user, "another", ""))
    joined = other.id
    world.begin_anew()
    world.tasks.run(world.chat.groups.leave(bob.user, left))
    world.tasks.run(world.chat.groups.join(bob.user, joined))
    world.settle()
    ann.says_to_group(left, "without bob")
    ann.says_to_group(joined, "with bob")
    assert bob.client.texts == ["with bob"]
    assert world.chat.sessions.memberships == 3


def test_who_is_here_is_here_while_positions_begin_anew(
    world: World, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the presence, which is compared with the sessions now and then, and in the slot. So is who
    has as many sessions as may be."""
    monkeypatch.setattr("chat_domain.log.sessions.MOST_OF_A_USER", 1)
    old = world.log_in_version1(world.register("Old")[0])
    world.begin_anew()
    for _ in range(2):
        world.tasks.run(world.chat.node.audit())
        world.passes(1)
    assert set(world.tasks.run(world.presence.where([bob.user.id, old.user.id]))) == {
        bob.user.id,
        old.user.id,
    }
    assert len(world.tasks.run(world.chat.node.slots.slots.own("alone"))) == 1
    world.settle()
    assert bob.is_live


def test_what_was_forgotten_unseen_begins_anew(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """A node that stood still until what others wrote was old does not know who has left."""
    group = world.group(ann, bob)
    known = follower.applied
    elsewhere.changes(bob, group, Change(What.LEFT))
    world.tasks.run(world.store.log.forget(world.clock.now_ms() + 1, 9))
    elsewhere.commits("young")
    world.tasks.run(follower.look())
    assert (follower.oldest, follower.applied) == (known + 2, known + 2)
    assert bob.client.notices == [f"reset to {known + 2}"]
    ann.says_to_group(group, "without bob")
    assert bob.client.texts == []


def test_what_a_group_has_forgotten_unseen_begins_anew(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """It keeps for less long what was said, and who has left, than the others do."""
    group = world.group(ann, bob)
    elsewhere.commits("kept")
    elsewhere.changes(bob, group, Change(What.LEFT))
    world.tasks.run(world.store.log.forget_of(group, world.clock.now_ms() + 1, 9))
    elsewhere.commits("young")
    world.tasks.run(follower.look())
    world.passes(GAP_WAITS)
    head = world.tasks.run(world.store.log.ends()).head
    assert (follower.oldest, follower.applied) == (1, head)
    assert bob.client.notices == [f"reset to {head}"]
    ann.says_to_group(group, "without bob")
    assert "without bob" not in bob.client.texts


def test_texts_that_a_group_has_forgotten_unseen_are_no_gap(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """Nobody has come or gone since."""
    group = world.group(ann, bob)
    elsewhere.commits("kept")
    elsewhere.says_to_group(ann, group, "old")
    world.tasks.run(world.store.log.forget_of(group, world.clock.now_ms() + 1, 9))
    elsewhere.commits("young")
    world.tasks.run(follower.look())
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["kept", "young"]
    assert bob.client.notices == []


def test_what_was_forgotten_at_the_front_changes_nothing_for_who_has_seen_it(
    world: World, ann: Terminal, bob: Terminal, follower: Follower
) -> None:
    """Also where that is all there was; they are told up to where, when they ask."""
    ann.says(bob.user, "one")
    world.tasks.run(world.store.log.forget(world.clock.now_ms() + 1, 9))
    world.tasks.run(follower.look())
    assert follower.oldest == 2
    ann.says(bob.user, "two")
    assert bob.client.texts == ["one", "two"]
    assert bob.client.notices == []


def test_version_1_goes_on_in_another_epoch_where_nobody_has_taken_anything_over(
    world: World, ann: Terminal
) -> None:
    """It cannot ask for what was before, so nothing of that may be left out."""
    cat = world.log_in_version1(world.register("Cat")[0])
    cat.chokes()
    ann.says(cat.user, "before")
    world.tasks.run(world.store.log.renew())
    hear(world, Appended("of another epoch", 99, 99, ()))
    cat.takes_more()
    assert cat.client.texts == ["before"]


def test_a_node_that_has_just_begun_notices_that_the_log_has_lost_its_end(
    world: World, ann: Terminal, bob: Terminal, follower: Follower
) -> None:
    """It has applied nothing yet, but knows what the last entry was."""
    ann.says(bob.user, "one")
    safe = Safe(attrs.evolve(world.store, log=world.log.inner))
    safe.put_away()
    ann.says(bob.user, "two")
    world.tasks.run(follower.start())
    epoch = follower.epoch
    safe.bring_back()
    world.tasks.run(follower.look())
    assert follower.epoch != epoch
    assert follower.applied == 1


def test_what_is_not_applied_yet_is_missed_as_well(
    world: World, ann: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """A node knows that it was there."""
    safe = Safe(attrs.evolve(world.store, log=world.log.inner))
    safe.put_away()
    elsewhere.commits("one")
    epoch = follower.epoch
    hear(world, elsewhere.commits("two"))
    assert follower.applied == 0
    safe.bring_back()
    world.tasks.run(follower.look())
    assert follower.epoch != epoch


def test_a_copy_at_the_old_position_of_what_was_lost_is_no_entry_that_is_known(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """Its client has sent it again to a node that knew nothing of it, and what was lost below it
    has made room for another. Who was shown that is told that positions mean nothing any more."""
    safe = Safe(attrs.evolve(world.store, log=world.log.inner))
    safe.put_away()
    hear(world, elsewhere.commits("lost", "sent again"))
    epoch = follower.epoch
    safe.bring_back()
    world.clock.advance(0.001)
    elsewhere.commits("never shown here", "sent again")
    world.tasks.run(follower.look())
    assert follower.epoch != epoch
    assert bob.client.notices == [f"reset to {follower.applied}"]


def test_what_was_being_read_of_a_log_that_was_lost_is_shown_to_nobody(  # noqa: PLR0917  # fixtures
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
    follower: Follower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There was a hole in it, and whether a change could be lost by that was asked when positions
    began anew."""
    group = world.group(ann, bob)
    safe = Safe(attrs.evolve(world.store, log=world.log.inner))
    safe.put_away()
    elsewhere.says_to_group(ann, group, "deleted")
    note = elsewhere.commits("lost")
    world.tasks.run(world.store.log.forget_of(group, world.clock.now_ms() + 1, 9))
    ends, ticket = world.log.ends, Ticket[None]()

    async def slow_ends(*asked: Any) -> Ends:
        if not asked:
            await ticket
        return await ends(*asked)

    monkeypatch.setattr(world.log, "ends", slow_ends)
    hear(world, Appended(note.epoch, note.first, note.upto, ()))
    world.passes(GAP_WAITS)
    safe.bring_back()
    world.tasks.run(world.store.log.renew())
    world.tasks.run(follower.look())
    ticket.settle(lambda: None)
    world.settle()
    assert bob.client.notices == [f"reset to {note.first - 2}"]
    assert bob.client.texts == []
    assert follower.applied == note.first - 2


def test_who_leaves_does_not_wait_for_what_they_wrote_and_was_lost(
    world: World, ann: Terminal, bob: Terminal, follower: Follower
) -> None:
    """Its position is of another epoch. Version 1's slot would not be free before."""
    safe = Safe(attrs.evolve(world.store, log=world.log.inner))
    safe.put_away()
    ann.says(bob.user, "lost")
    safe.bring_back()
    world.tasks.run(follower.look())
    ann.leaves()
    assert len(world.chat.sessions) == 1


def test_what_was_being_written_is_refused_in_another_epoch(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """And goes into the new one when it comes again."""
    ann.says(bob.user, "before", cid="c1")
    world.tasks.run(world.store.log.renew())
    ann.says(bob.user, "behind", cid="c2")
    assert ann.client.statuses == ["accepted", "TryAgain"]
    ann.says(bob.user, "behind", cid="c2")
    assert bob.client.texts == ["before", "behind"]


def test_one_turn_of_the_loop_applies_for_so_many_readers(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest follows, in order, with everybody else's work between."""
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
    monkeypatch.setattr("chat_domain.log.follower.NEXT_AT_MOST", 2)


@pytest.mark.usefixtures("slow")
def test_what_others_say_is_not_kept_where_too_much_waits_to_be_applied(
    world: World, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """It is in the log, from which it is read later."""
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
    """Nor does this node keep it."""
    bob.chokes()
    ann.says(bob.user, "a secret")
    hear(world, elsewhere.changes(ann, pair(ann.user.id, ann.user.id), Change(What.ERASED)))
    bob.takes_more()
    assert bob.client.texts == [""]
