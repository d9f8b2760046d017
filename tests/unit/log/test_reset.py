"""The follower is reset if the log has lost what a node knew of it, or what it never saw."""

from typing import Any

import attrs
import pytest

from chat_domain.entries import (
    Change,
    ChangeKind,
    LogEnds,
    LogSlice,
    Opening,
)
from chat_domain.errors import NotSentYet, TryAgain
from chat_domain.log.follower import GAP_WAITS, Follower
from chat_domain.notes import Appended
from tests.unit.delivery.safe import Safe
from tests.unit.fakes import RecordingClient, Ticket, finished
from tests.unit.log.elsewhere import Elsewhere, hear
from tests.unit.world import Terminal, World


def put_away(world: World) -> Safe:
    """Keep a copy of the log as it is now, which the database can come back with."""
    safe = Safe(attrs.evolve(world.store, log=world.log.inner))
    safe.put_away()
    return safe


def test_another_epoch_is_a_reset(
    world: World, ann: Terminal, bob: Terminal, follower: Follower
) -> None:
    """Every connected device is disconnected. When it comes back, it is told so, and goes on at the
    head."""
    ann.says(bob.user, "before")
    group, position, epoch = world.group(ann, bob), follower.applied, follower.epoch
    world.tasks.run(world.store.log.renew())
    hear(world, Appended("of another epoch", 99, 99, ()))
    assert ann.client.notices == bob.client.notices == ["dropped"]
    ann, bob = ann.comes_again(position, epoch), bob.comes_again(position, epoch)
    assert ann.was_reset
    assert bob.was_reset
    ann.says(bob.user, "behind")
    ann.says_to_group(group, "to all")
    assert bob.client.texts == ["behind", "to all"]
    assert ann.client.statuses == ["accepted"] * 2


def test_what_is_on_its_way_from_a_device_at_a_reset_means_nothing(
    world: World, ann: Terminal, bob: Terminal, follower: Follower
) -> None:
    """This holds however far the new positions get until it arrives: its mark would cover entries
    that the device has not seen."""
    ann.says(bob.user, "before")
    safe = put_away(world)
    ann.says(bob.user, "lost")
    safe.bring_back()
    world.tasks.run(follower.poll_head())
    ann = ann.comes_again()
    ann.says(bob.user, "where that was")
    with pytest.raises(NotSentYet):
        bob.takes_over(2)
    with pytest.raises(TryAgain):
        bob.says(ann.user, "too late")
    assert bob.session.ended
    assert bob.comes_again().client.texts == ["before", "where that was"]


def test_a_device_that_was_about_to_begin_at_a_reset_comes_again(
    world: World, ann: Terminal, bob: Terminal, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The position that it names is an old one, and makes no mark."""
    monkeypatch.setattr("chat_domain.people.login.MISSED_AT_MOST", 0)
    ann.says(bob.user, "one")
    ann.says(bob.user, "two")
    bob.leaves()
    missed, epoch = world.log.missed, follower.epoch

    async def missed_late(*asked: Any) -> int:
        await world.log.renew()
        await follower.poll_head()
        return await missed(*asked) * 0

    monkeypatch.setattr(world.log, "missed", missed_late)
    with pytest.raises(TryAgain):
        bob.comes_again(1, epoch)
    world.settle()
    assert len(world.chat.marks) == 0
    assert world.chat.sessions.of(bob.user.id) == ()


def test_who_begins_during_a_reset_is_told_of_the_new_epoch(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """What was read for them before, such as their groups, is read again."""
    elsewhere.commits("not received")
    epochs: list[str] = []

    async def begin() -> None:
        logins = world.chat.logins
        start = await logins.begin_device(bob.user, RecordingClient(), "another device")
        epochs.append(start.ends.epoch)

    world.tasks.start(begin())
    world.tasks.drain()
    assert epochs == []
    epoch = world.tasks.run(world.store.log.renew())
    world.tasks.run(follower.poll_head())
    assert epochs == [epoch]


def test_who_logs_in_before_the_node_has_noticed_another_epoch_begins_in_it(
    world: World, bob: Terminal, follower: Follower
) -> None:
    """The node looks at the log, and then lets them in."""
    epoch = world.tasks.run(world.store.log.renew())
    assert world.log_in(bob.user).is_live
    assert follower.epoch == epoch


def test_nobody_is_told_that_what_was_lost_is_with_its_recipient(
    world: World, ann: Terminal, old: Terminal, follower: Follower
) -> None:
    """Another text has its position."""
    safe = put_away(world)
    ann.says(old.user, "lost")
    safe.bring_back()
    world.tasks.run(follower.poll_head())
    world.settle()
    ann, cid = ann.comes_again(), world.newcomer("Cid")
    cid.says(old.user, "where that was")
    old.takes_over()
    world.passes(0.5)
    assert cid.client.marks == [(old.user.id, follower.applied)]
    assert ann.client.marks == []


def test_however_many_speak_of_another_epoch_the_log_is_polled_once(
    world: World, follower: Follower
) -> None:
    """There is one look at a time: otherwise, somebody who can send notes could block the store and
    fill the memory. After a look that failed, the next note causes another."""
    world.log.slow_reads = True
    for failing in (False, True, False):
        world.log.failing = failing
        hear(world, *(Appended(f"epoch {number}", 99, 99, ()) for number in range(50)))
        assert len(world.log.reading) == 1
        world.settle()
    assert follower.epoch == finished(world.log.inner.ends()).epoch


@pytest.mark.parametrize("slow", ["ends", "tail"])
def test_an_answer_of_before_a_reset_is_too_late(
    world: World, bob: Terminal, follower: Follower, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    """Two calls ask for the log's head. The first, of a database that was about to be lost, for
    example, is answered last."""
    log, ticket = world.log, Ticket[None]()
    ends = finished(log.inner.ends())
    stale = attrs.evolve(ends, head=ends.head + 9, epoch="lost since")
    tail = log.tail

    async def lost_ends(*_: object) -> LogEnds:
        if slow == "ends":
            await ticket
        return stale

    async def slow_tail(after: int, limit: int) -> LogSlice:
        await ticket
        return await tail(after, limit)

    monkeypatch.setattr(log, "ends", lost_ends)
    if slow == "tail":
        monkeypatch.setattr(log, "tail", slow_tail)
    world.tasks.start(follower.poll_head())
    world.tasks.drain()
    monkeypatch.undo()
    epoch = world.tasks.run(log.renew())
    world.tasks.run(follower.poll_head())
    ticket.settle(lambda: None)
    world.settle()
    assert follower.epoch == epoch
    assert follower.applied == ends.head
    assert bob.client.notices == ["dropped"]


def test_what_was_a_membership_before_a_reset_is_none(
    world: World, ann: Terminal, old: Terminal
) -> None:
    """The database may have lost it. Until the session knows, what it writes is refused with
    `try_again`."""
    group = world.group(ann, old)
    world.reset()
    with pytest.raises(TryAgain):
        old.says_to_group(group, "too early", cid="c1")
    world.settle()
    old.says_to_group(group, "too early", cid="c1")
    assert old.client.statuses == ["accepted"]


def test_a_session_that_its_user_ends_during_a_reset_is_ended(
    world: World, ann: Terminal, old: Terminal
) -> None:
    """The end is applied before the node knows again what the session may see."""
    other = world.log_in_version1(world.register("Other")[0])
    world.reset()
    world.tasks.run(world.chat.devices.end_all(old.user))
    world.settle()
    assert (other.session.ended, old.session.ended) == (False, True)
    ann.comes_again().says(old.user, "to nobody")
    assert old.client.texts == []


def test_who_leaves_during_a_reset_is_not_here_afterwards(world: World, old: Terminal) -> None:
    """Their session ends while it is being subscribed again."""
    world.reset()
    old.leaves()
    world.settle()
    assert len(world.chat.sessions) == 0


def test_who_joins_and_leaves_during_a_reset_is_shown_what_they_may_see(
    world: World, ann: Terminal, old: Terminal
) -> None:
    """This holds whether or not their sessions begin with that change. They are counted once."""
    left = world.group(ann, old)
    _, other = world.tasks.run(world.chat.groups.create(ann.user, "another", ""))
    joined = other.id
    world.reset()
    world.tasks.run(world.chat.groups.leave(old.user, left))
    world.tasks.run(world.chat.groups.join(old.user, joined))
    world.settle()
    ann = ann.comes_again()
    ann.says_to_group(left, "without them")
    ann.says_to_group(joined, "with them")
    assert old.client.texts == ["with them"]
    assert world.chat.sessions.memberships == 3


def test_who_is_here_is_here_during_a_reset(
    world: World, old: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay in the presence, which is compared with the sessions now and then, and in the slot,
    even with as many sessions as a user may have."""
    monkeypatch.setattr("chat_domain.log.sessions.MOST_OF_A_USER", 1)
    world.reset()
    for _ in range(2):
        world.tasks.run(world.chat.node.audit())
        world.passes(1)
    assert set(world.tasks.run(world.presence.where([old.user.id]))) == {old.user.id}
    assert len(world.tasks.run(world.chat.node.slots.slots.own("alone"))) == 1
    world.settle()
    assert old.is_live


def test_what_was_forgotten_unseen_is_a_reset(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """A node that hung until others' entries were old and deleted does not know who has left."""
    group = world.group(ann, bob)
    known = follower.applied
    elsewhere.changes(bob, group, Change(ChangeKind.LEFT))
    world.tasks.run(world.store.log.forget(world.clock.now_ms() + 1, 9))
    elsewhere.commits("young")
    world.tasks.run(follower.poll_head())
    assert follower.applied == known + 2
    assert bob.client.notices == ["dropped"]
    bob = bob.comes_again(known)
    assert bob.was_reset
    ann.comes_again().says_to_group(group, "without bob")
    assert bob.client.texts == []


def test_what_a_group_has_forgotten_unseen_is_a_reset(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """It keeps its entries, including those of who has left, for a shorter time than others."""
    group = world.group(ann, bob)
    elsewhere.commits("kept")
    elsewhere.changes(bob, group, Change(ChangeKind.LEFT))
    world.tasks.run(world.store.log.forget_of(group, world.clock.now_ms() + 1, 9))
    elsewhere.commits("young")
    world.tasks.run(follower.poll_head())
    world.passes(GAP_WAITS)
    head = world.tasks.run(world.store.log.ends()).head
    assert follower.applied == head
    assert bob.client.notices == ["dropped"]
    bob = bob.comes_again()
    ann.comes_again().says_to_group(group, "without bob")
    assert "without bob" not in bob.client.texts


def test_texts_that_a_group_has_forgotten_unseen_are_no_gap(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """Nobody has joined or left since."""
    group = world.group(ann, bob)
    elsewhere.commits("kept")
    elsewhere.says_to_group(ann, group, "old")
    world.tasks.run(world.store.log.forget_of(group, world.clock.now_ms() + 1, 9))
    elsewhere.commits("young")
    world.tasks.run(follower.poll_head())
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["kept", "young"]
    assert bob.client.notices == []


def test_what_was_forgotten_at_the_front_changes_nothing_for_who_has_seen_it(
    world: World, ann: Terminal, bob: Terminal, follower: Follower
) -> None:
    """This holds even if nothing is left. Clients that ask are told up to where it is deleted."""
    ann.says(bob.user, "one")
    world.tasks.run(world.store.log.forget(world.clock.now_ms() + 1, 9))
    world.tasks.run(follower.poll_head())
    begun = world.chat.logins.begin_device(ann.user, RecordingClient(), "another")
    assert world.tasks.run(begun).ends.oldest == 2
    ann.says(bob.user, "two")
    assert bob.client.texts == ["one", "two"]
    assert bob.client.notices == []


def test_version_1_goes_on_in_another_epoch_where_nobody_has_taken_anything_over(
    world: World, ann: Terminal
) -> None:
    """It cannot ask for earlier entries, so none of them may be left out."""
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
    """It has applied nothing yet, but knows the last entry."""
    ann.says(bob.user, "one")
    safe = put_away(world)
    ann.says(bob.user, "two")
    world.tasks.run(follower.start())
    epoch = follower.epoch
    safe.bring_back()
    world.tasks.run(follower.poll_head())
    assert follower.epoch != epoch
    assert follower.applied == 1


def test_what_is_not_applied_yet_is_missed_as_well(
    world: World, ann: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """A node knows that such an entry was there."""
    safe = put_away(world)
    elsewhere.commits("one")
    epoch = follower.epoch
    hear(world, elsewhere.commits("two"))
    assert follower.applied == 0
    safe.bring_back()
    world.tasks.run(follower.poll_head())
    assert follower.epoch != epoch


def test_a_copy_at_the_old_position_of_what_was_lost_is_no_entry_that_is_known(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """Its client has sent it again to a node that did not know it, and another entry has taken the
    lost position below. Devices that were shown the lost entry are disconnected, to be reset."""
    safe = put_away(world)
    hear(world, elsewhere.commits("lost", "sent again"))
    epoch = follower.epoch
    safe.bring_back()
    world.clock.advance(0.001)
    elsewhere.commits("never shown here", "sent again")
    world.tasks.run(follower.poll_head())
    assert follower.epoch != epoch
    assert bob.client.notices == ["dropped"]


@pytest.fixture
def overwritten(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> tuple[Appended, Appended]:
    """The log has lost an entry that this node has received. Another node, which had not, has
    written two in its place. Return its notes, which have not arrived."""
    safe = put_away(world)
    ann.says(bob.user, "lost")
    safe.bring_back()
    world.clock.advance(0.001)
    return elsewhere.commits("in its place"), elsewhere.commits("behind it")


def test_a_note_of_another_entry_in_the_place_of_a_received_one_is_a_reset(
    world: World, bob: Terminal, overwritten: tuple[Appended, Appended], follower: Follower
) -> None:
    """It is, although the log has the last entry of which this node was told."""
    epoch = follower.epoch
    hear(world, *overwritten)
    assert follower.epoch != epoch
    assert bob.client.notices == ["dropped"]
    assert bob.client.texts == ["lost"]


def test_a_batch_of_its_own_in_the_place_of_a_received_entry_is_a_reset(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """The batch was on its way when the entry came, and when the log lost it."""
    safe, epoch = Safe(attrs.evolve(world.store, log=world.log.inner)), follower.epoch
    world.log.slow_writes = True
    ann.says(bob.user, "mine")
    safe.put_away()
    hear(world, elsewhere.commits("lost"))
    safe.bring_back()
    world.log.serve()
    world.settle()
    assert ann.client.statuses == ["accepted"]
    assert follower.epoch != epoch
    assert bob.client.texts == ["lost"]


def test_an_early_entry_does_not_hide_that_a_received_one_was_lost(
    world: World, bob: Terminal, overwritten: tuple[Appended, Appended], elsewhere: Elsewhere
) -> None:
    follower, epoch = world.chat.follower, world.chat.follower.epoch
    hear(world, elsewhere.commits("early"))
    world.tasks.run(follower.poll_head())
    assert follower.epoch != epoch
    assert bob.client.texts == ["lost"]


def test_what_is_read_behind_a_received_entry_that_was_lost_is_shown_to_nobody(
    world: World, bob: Terminal, overwritten: tuple[Appended, Appended], follower: Follower
) -> None:
    _, behind = overwritten
    epoch = follower.epoch
    hear(world, Appended(behind.epoch, behind.first, behind.upto, ()))
    world.passes(GAP_WAITS)
    assert follower.epoch != epoch
    assert bob.client.notices == ["dropped"]
    assert bob.client.texts == ["lost"]


def test_notes_are_not_trusted_while_the_log_does_not_answer(
    world: World, bob: Terminal, overwritten: tuple[Appended, Appended], follower: Follower
) -> None:
    """It may have come back without its end, and the first of the notes may be lost."""
    _, behind = overwritten
    epoch = follower.epoch
    world.log.failing = True
    with pytest.raises(TryAgain):
        world.tasks.run(follower.poll_head())
    hear(world, behind)
    assert bob.client.texts == ["lost"]
    world.log.failing = False
    world.tasks.run(follower.poll_head())
    assert follower.epoch != epoch


def test_notes_are_trusted_again_once_the_log_has_answered(
    world: World, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    world.log.failing = True
    with pytest.raises(TryAgain):
        world.tasks.run(follower.poll_head())
    hear(world, elsewhere.commits("meanwhile"))
    world.log.failing = False
    world.tasks.run(follower.poll_head())
    world.passes(GAP_WAITS)
    world.log.failing = True
    hear(world, elsewhere.commits("afterwards"))
    assert bob.client.texts == ["meanwhile", "afterwards"]


def test_a_poll_from_before_a_contradiction_proves_nothing(  # noqa: PLR0917  # fixtures
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
    follower: Follower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What follows is not trusted, but read."""
    safe = put_away(world)
    ann.says(bob.user, "lost")
    ends, tickets, epoch = world.log.ends, [ticket := Ticket[None]()], follower.epoch

    async def answered_late(*asked: Any) -> LogEnds:
        found = await ends(*asked)
        if tickets:
            await tickets.pop()
        return found

    monkeypatch.setattr(world.log, "ends", answered_late)
    follower.poll_head_soon()
    world.tasks.drain()
    safe.bring_back()
    world.clock.advance(0.001)
    hear(world, elsewhere.commits("in its place"))
    ticket.settle(lambda: None)
    world.tasks.drain()
    assert follower.epoch == epoch
    hear(world, elsewhere.commits("behind it"))
    world.passes(GAP_WAITS)
    assert follower.epoch != epoch
    assert bob.client.texts == ["lost"]


def test_nothing_is_shown_between_a_poll_that_finds_a_loss_and_the_reset(
    world: World,
    bob: Terminal,
    overwritten: tuple[Appended, Appended],
    follower: Follower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, behind = overwritten
    tail, ticket, epoch = world.log.tail, Ticket[None](), follower.epoch

    async def slow_tail(*asked: Any) -> LogSlice:
        await ticket
        return await tail(*asked)

    monkeypatch.setattr(world.log, "tail", slow_tail)
    follower.poll_head_soon()
    world.tasks.drain()
    hear(world, behind)
    assert follower.epoch == epoch
    ticket.settle(lambda: None)
    world.settle()
    assert follower.epoch != epoch
    assert bob.client.texts == ["lost"]


def test_what_was_being_read_of_a_log_that_was_lost_is_shown_to_nobody(  # noqa: PLR0917  # fixtures
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
    follower: Follower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It had a hole, and the follower was reset while the node asked whether a change could be
    missing there."""
    group = world.group(ann, bob)
    safe = put_away(world)
    elsewhere.says_to_group(ann, group, "deleted")
    note = elsewhere.commits("lost")
    world.tasks.run(world.store.log.forget_of(group, world.clock.now_ms() + 1, 9))
    ends, tickets = world.log.ends, [ticket := Ticket[None]()]

    async def answered_late(*asked: Any) -> LogEnds:
        found = await ends(*asked)
        if tickets:
            await tickets.pop()
        return found

    monkeypatch.setattr(world.log, "ends", answered_late)
    hear(world, Appended(note.epoch, note.first, note.upto, ()))
    world.passes(GAP_WAITS)
    safe.bring_back()
    world.tasks.run(world.store.log.renew())
    world.tasks.run(follower.poll_head())
    ticket.settle(lambda: None)
    world.settle()
    assert bob.client.notices == ["dropped"]
    assert bob.client.texts == []
    assert follower.applied == note.first - 2


def test_nobody_is_told_that_what_was_lost_has_been_done(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere, follower: Follower
) -> None:
    """It was committed, and waited for the entries before it to be applied. Now another entry is at
    its position."""
    group = world.group(ann)
    safe = put_away(world)
    elsewhere.commits("not received")
    told: list[object] = []

    async def join() -> None:
        try:
            told.append(await world.chat.groups.join(bob.user, group, "c1"))
        except TryAgain as error:
            told.append(error)

    world.tasks.start(join())
    world.tasks.drain()
    safe.bring_back()
    world.tasks.run(follower.poll_head())
    hear(world, elsewhere.commits("another", "and one more"))
    assert [str(one) for one in told] == [str(TryAgain())]


def test_the_log_is_followed_while_sessions_are_subscribed_again(  # noqa: PLR0917  # fixtures
    world: World,
    bob: Terminal,
    old: Terminal,
    elsewhere: Elsewhere,
    follower: Follower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Subscribing takes long if they are many. Those that are subscribed are shown what others
    write, even if the node receives no note of it."""
    opening, ticket = world.log.opening, Ticket[None]()

    async def slow_opening(user_id: int) -> Opening:
        if user_id == old.user.id:
            await ticket
        return await opening(user_id)

    monkeypatch.setattr(world.log, "opening", slow_opening)
    world.tasks.run(world.store.log.renew())
    world.tasks.run(follower.poll_head())
    bob = bob.comes_again()
    elsewhere.commits("meanwhile")
    world.tasks.run(follower.poll_head())
    world.passes(GAP_WAITS)
    assert bob.client.texts == ["meanwhile"]
    assert not old.is_live
    ticket.settle(lambda: None)
    world.settle()
    assert old.is_live


def test_nothing_waits_for_a_change_that_was_lost(  # noqa: PLR0917  # fixtures
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
    follower: Follower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A message that had to be authorized again after it is refused; later ones are written."""
    monkeypatch.setattr("adapters.sql.changes.MOST_MISSED", 0)
    group = world.group(ann, bob)
    safe = put_away(world)
    elsewhere.changes(bob, group, Change(ChangeKind.LEFT))
    bob.says_to_group(group, "once more", cid="c1")
    safe.bring_back()
    world.tasks.run(world.store.log.renew())
    world.tasks.run(follower.poll_head())
    assert bob.client.statuses == ["TryAgain"]
    bob = bob.comes_again()
    bob.says_to_group(group, "once more", cid="c1")
    assert bob.client.statuses == ["accepted"]


def test_who_leaves_does_not_wait_for_what_they_wrote_and_was_lost(
    world: World, ann: Terminal, bob: Terminal, follower: Follower
) -> None:
    """Its position is of another epoch. If they waited, version 1's slot would not get free."""
    safe = put_away(world)
    ann.says(bob.user, "lost")
    safe.bring_back()
    world.tasks.run(follower.poll_head())
    ann.leaves()
    assert len(world.chat.sessions) == 1


def test_what_was_being_written_is_refused_in_another_epoch(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """It goes into the new epoch when it comes again."""
    ann.says(bob.user, "before", cid="c1")
    world.tasks.run(world.store.log.renew())
    ann.says(bob.user, "behind", cid="c2")
    assert ann.client.statuses == ["accepted", "TryAgain"]
    ann, bob = ann.comes_again(), bob.comes_again()
    ann.says(bob.user, "behind", cid="c2")
    assert ann.client.statuses == ["accepted"]
    assert bob.client.texts == ["before", "behind"]
