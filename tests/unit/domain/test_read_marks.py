"""How far users have read: what is kept of it, and who is told."""

import pytest

from chat_domain.entries import pair
from chat_domain.errors import BeyondTheLog, NotMember, TryAgain
from chat_domain.log import follower as follower_module
from chat_domain.log import marks as log_marks
from chat_domain.messages import read_marks
from chat_domain.messages.audience import MOST_MEMBERS, SIZE_VALID_FOR
from chat_domain.model import Conversation
from chat_domain.notes import MOST_READ, HasRead
from tests.contract.making import read_mark
from tests.unit.log.elsewhere import Elsewhere
from tests.unit.world import Terminal, World

EVERY = 0.5  # seconds; as the gateway's clock ticks


def reads(who: Terminal, conv: int, at: int) -> None:
    world = who.world
    world.tasks.run(world.chat.read_marks.read(who.session, conv, at))


def stored(who: Terminal, conv: int) -> int | None:
    return who.world.tasks.run(read_mark(who.world.store, who.user.id, conv))


def of_two(one: Terminal, other: Terminal) -> int:
    return pair(one.user.id, other.user.id)


@pytest.fixture
def conv(ann: Terminal, bob: Terminal) -> int:
    """A conversation in which Bob has written to Ann, at positions 1 and 2."""
    bob.says(ann.user, "one")
    bob.says(ann.user, "two")
    return of_two(ann, bob)


# -- who is told -----------------------------------------------------------------------------------


def test_the_other_one_of_two_is_told(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """All their devices are told, as are the reader's other ones. Nobody else is, nor the reading
    device."""
    cid, phone, tablet = world.newcomer("Cid"), world.log_in(ann.user), world.log_in(bob.user)
    reads(ann, conv, 2)
    world.passes(EVERY)
    for told in (bob, tablet, phone):
        assert told.client.reads == [(ann.user.id, conv, 2)]
    assert ann.client.reads == cid.client.reads == []


def test_it_is_told_twice_a_second_at_most(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """Only the last position of that half second is told, and nothing is told again."""
    reads(ann, conv, 1)
    reads(ann, conv, 2)
    assert bob.client.reads == []
    world.passes(EVERY)
    world.passes(EVERY)
    assert bob.client.reads == [(ann.user.id, conv, 2)]


def test_the_members_of_a_group_are_told(world: World, ann: Terminal, bob: Terminal) -> None:
    """All members are told, as long as the group is not too large."""
    cid = world.newcomer("Cid")
    group = world.group(ann, bob, cid)
    phone = world.log_in(ann.user)
    reads(ann, group, 3)
    world.passes(EVERY)
    for told in (bob, cid, phone):
        assert told.client.reads == [(ann.user.id, group, 3)]


def members(world: World, ann: Terminal, number: int) -> int:
    """A group of this many members, Ann among them."""
    group = world.group(ann)
    for user in world.register(*(f"user {one}" for one in range(number - 1))):
        world.tasks.run(world.chat.groups.join(user, group))
    return group


@pytest.mark.parametrize("number", [MOST_MEMBERS, MOST_MEMBERS + 1])
def test_a_large_group_is_not_told(world: World, ann: Terminal, number: int) -> None:
    """The reader's own devices are told all the same."""
    group = members(world, ann, number - 1)
    bob, phone = world.newcomer("Bob"), world.log_in(ann.user)
    world.tasks.run(world.chat.groups.join(bob.user, group))
    reads(ann, group, 3)
    world.passes(EVERY)
    assert phone.client.reads == [(ann.user.id, group, 3)]
    assert bool(bob.client.reads) is (number == MOST_MEMBERS)


def test_a_group_that_has_grown_is_told_no_more(world: World, ann: Terminal) -> None:
    """The node looks up a group's size now and then."""
    group = members(world, ann, MOST_MEMBERS - 1)
    bob = world.newcomer("Bob")
    world.tasks.run(world.chat.groups.join(bob.user, group))
    reads(ann, group, 1)
    (cid,) = world.register("Cid")
    world.tasks.run(world.chat.groups.join(cid, group))
    world.passes(SIZE_VALID_FOR)
    reads(ann, group, 2)
    world.passes(EVERY)
    assert bob.client.reads == [(ann.user.id, group, 1)]


def test_who_hides_it_is_known_to_their_own_devices_alone(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """A change of the setting takes effect at once, in groups as well."""
    group, phone = world.group(ann, bob), world.log_in(ann.user)
    settings = world.chat.settings
    world.tasks.run(settings.change(ann.session, hide_read=True))
    reads(ann, conv, 1)
    reads(ann, group, 3)
    world.passes(EVERY)
    assert phone.client.reads == [(ann.user.id, conv, 1), (ann.user.id, group, 3)]
    assert bob.client.reads == []
    world.tasks.run(settings.change(phone.session, hide_read=False))
    reads(ann, conv, 2)
    world.passes(EVERY)
    assert bob.client.reads == [(ann.user.id, conv, 2)]


def test_what_one_has_left_is_one_s_own(world: World, ann: Terminal, bob: Terminal) -> None:
    """A user can mark it as read on their own devices; those who are still in it are not told."""
    group = world.group(ann, bob)
    world.tasks.run(world.chat.groups.leave(bob.user, group))
    phone = world.log_in(bob.user)
    reads(bob, group, 3)
    world.passes(EVERY)
    assert phone.client.reads == [(bob.user.id, group, 3)]
    assert ann.client.reads == []


def test_what_one_says_to_oneself_is_told_once(world: World, ann: Terminal) -> None:
    """Each other device is told."""
    phone = world.log_in(ann.user)
    ann.says(ann.user, "a note")
    reads(phone, of_two(ann, ann), 1)
    world.passes(EVERY)
    assert ann.client.reads == [(ann.user.id, of_two(ann, ann), 1)]
    assert phone.client.reads == []


def test_who_takes_nothing_is_not_told(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """A mark is a hint, and must not add to what waits for a slow client."""
    bob.chokes()
    reads(ann, conv, 2)
    world.passes(EVERY)
    assert bob.client.reads == []


# -- what is kept ----------------------------------------------------------------------------------


def test_it_is_written_about_once_a_second(world: World, ann: Terminal, conv: int) -> None:
    """One write covers all that was read meanwhile; if it fails, a later one does."""
    world.passes(1.0)
    reads(ann, conv, 1)
    assert stored(ann, conv) == 0
    world.passes(0.9)
    reads(ann, conv, 2)
    assert (stored(ann, conv), len(world.chat.marks)) == (1, 1)
    world.log.failing = True
    world.passes(1.0)
    world.log.failing = False
    assert stored(ann, conv) == 1
    world.passes(1.0)
    assert (stored(ann, conv), len(world.chat.marks)) == (2, 0)


def test_it_is_written_when_the_session_ends(ann: Terminal, conv: int) -> None:
    """The user's next session finds it, on any node."""
    reads(ann, conv, 2)
    ann.leaves()
    assert stored(ann, conv) == 2


def test_both_kinds_of_marks_are_written(world: World, ann: Terminal, conv: int) -> None:
    """Neither kind of mark replaces the other."""
    reads(ann, conv, 1)
    ann.takes_over(2)
    world.passes(1.0)
    assert stored(ann, conv) == 1
    assert world.tasks.run(world.store.log.opening(ann.user.id)).got == 2


def test_a_mark_does_not_go_back(world: World, ann: Terminal, bob: Terminal, conv: int) -> None:
    """A lower mark of any device is ignored, whether or not the higher one is written yet. Nobody
    is told of the same position twice."""
    phone = world.log_in(ann.user)
    reads(ann, conv, 2)
    for who, at in ((ann, 1), (phone, 1), (phone, 2), (ann, 0)):
        reads(who, conv, at)
        world.passes(1.0)
        reads(who, conv, at)
        world.passes(1.0)
    assert stored(ann, conv) == 2
    assert bob.client.reads == [(ann.user.id, conv, 2)]


def test_what_the_store_knows_counts(world: World, ann: Terminal, bob: Terminal, conv: int) -> None:
    """This node may not have heard of what is stored."""
    world.tasks.run(world.store.log.mark({(ann.user.id, conv): 2}))
    reads(ann, conv, 1)
    world.passes(1.0)
    assert bob.client.reads == []


def test_what_another_node_has_just_written_can_be_read(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """A page has shown it before this node applies it. The mark waits until then."""
    Elsewhere(world, bob, ann).commits("three")
    follower = world.chat.follower

    async def read() -> None:
        await world.chat.read_marks.read(ann.session, conv, 3)

    world.tasks.start(read())
    world.tasks.drain()
    assert (follower.applied, bob.client.reads) == (2, [])
    world.passes(follower_module.GAP_WAITS)
    world.passes(EVERY)
    assert (follower.applied, bob.client.reads) == (3, [(ann.user.id, conv, 3)])


def test_nothing_is_read_before_it_is_there(world: World, ann: Terminal, conv: int) -> None:
    """A position beyond the end of the log is refused."""
    with pytest.raises(BeyondTheLog) as caught:
        reads(ann, conv, 3)
    assert (caught.value.at, caught.value.head) == (3, 2)
    world.passes(1.0)
    assert stored(ann, conv) == 0
    assert len(world.chat.marks) == 0


def test_a_group_of_others_cannot_be_read(world: World, ann: Terminal, bob: Terminal) -> None:
    """Neither can a group that does not exist."""
    group = world.group(bob)
    for other in (group, 99):
        with pytest.raises(NotMember):
            reads(ann, other, 1)
    world.passes(EVERY)
    assert bob.client.reads == []


def test_who_has_never_talked_to_one_another_is_told_nothing(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """Nothing is kept of such a mark, nor of one for a user who does not exist."""
    cid = world.newcomer("Cid")
    for other in (of_two(cid, bob), pair(cid.user.id, 99), of_two(cid, cid)):
        reads(cid, other, 1)
        assert stored(cid, other) is None
    assert len(world.chat.marks) == 0
    world.passes(EVERY)
    assert bob.client.reads == []


# -- bounds, trouble, and epochs -------------------------------------------------------------------


def talk_to(world: World, ann: Terminal, number: int) -> list[int]:
    """The conversations between Ann and this many others."""
    others = world.register(*(f"user {one}" for one in range(number)))
    for other in others:
        ann.says(other, "hello")
    return [pair(ann.user.id, other.id) for other in others]


def test_only_so_many_marks_of_a_user_wait(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A further mark is accepted once the others are written, and refused if they cannot be."""
    monkeypatch.setattr(log_marks, "MOST_OF_A_USER", 3)
    first, *others, one, other = talk_to(world, ann, 5)
    world.passes(1.0)
    world.tasks.run(world.chat.read_marks.of(ann.user.id, other))  # it is not asked for again
    for conv in (first, *others):
        reads(ann, conv, 1)
    assert stored(ann, first) == 0
    reads(ann, one, 1)
    assert [stored(ann, conv) for conv in (first, *others, one)] == [1, 1, 1, 0]
    for conv in (first, others[0]):
        reads(ann, conv, 2)
    world.log.failing = True
    with pytest.raises(TryAgain):
        reads(ann, other, 1)


def test_only_so_many_marks_of_all_wait(
    world: World, ann: Terminal, bob: Terminal, conv: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Further marks are refused until some are written."""
    monkeypatch.setattr(log_marks, "MOST", 1)
    reads(bob, conv, 1)
    assert len(world.chat.marks) == 1
    with pytest.raises(TryAgain):
        reads(ann, conv, 1)
    world.passes(1.0)
    reads(ann, conv, 1)
    assert len(world.chat.marks) == 1


def test_a_reset_makes_room(
    world: World, ann: Terminal, conv: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node drops the marks of the old positions."""
    monkeypatch.setattr(log_marks, "MOST", 1)
    reads(ann, conv, 1)
    world.tasks.run(world.store.log.renew())
    world.tasks.run(world.chat.follower.poll_head())
    reads(ann, conv, 1)
    assert len(world.chat.marks) == 1


def test_of_two_devices_the_further_one_counts(world: World, ann: Terminal, conv: int) -> None:
    """The order in which the devices report does not matter."""
    phone = world.log_in(ann.user)
    ann.takes_over(2)
    phone.takes_over(1)
    world.passes(1.0)
    assert world.tasks.run(world.store.log.opening(ann.user.id)).got == 2


def test_many_marks_are_told_in_parts(world: World, ann: Terminal) -> None:
    """No note and no frame has more than MOST_READ marks."""
    phone = world.log_in(ann.user)
    convs = talk_to(world, ann, MOST_READ + 7)
    for conv in convs:
        reads(ann, conv, 1)
    assert len(phone.client.reads) == MOST_READ
    world.passes(EVERY)
    assert [conv for _, conv, _ in phone.client.reads] == convs


@pytest.mark.parametrize(("hidden", "expected"), [(False, [1, 2, 3, 4, 5]), (True, [2, 4, 5])])
def test_many_sessions_are_told_in_several_turns(
    world: World,
    ann: Terminal,
    bob: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    *,
    hidden: bool,
    expected: list[int],
) -> None:
    """Otherwise a client that reads in many groups at once would hold everybody up. Members of whom
    none is told do not count."""
    monkeypatch.setattr(read_marks, "TOLD_AT_ONCE", 4)
    if hidden:
        world.tasks.run(world.chat.settings.change(ann.session, hide_read=True))
    phone, groups = world.log_in(ann.user), []
    for number in range(5):
        groups.append(world.group(ann, bob, name=f"group {number}"))
        reads(ann, groups[-1], world.chat.follower.applied)
    world.clock.advance(EVERY)
    world.chat.node.tick()
    told = [len(phone.client.reads)]
    while world.tasks.turn():
        told.append(len(phone.client.reads))
    assert told[: len(expected)] == expected
    assert [conv for _, conv, _ in phone.client.reads] == groups
    assert [conv for _, conv, _ in bob.client.reads] == ([] if hidden else groups)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_reader_s_own_devices_count_as_well(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch, *, hidden: bool
) -> None:
    """One turn tells few of them, also of what is read in conversations with one user each."""
    monkeypatch.setattr(read_marks, "TOLD_AT_ONCE", 3)
    if hidden:
        world.tasks.run(world.chat.settings.change(ann.session, hide_read=True))
    phones = [world.log_in(ann.user) for _ in range(4)]
    convs = talk_to(world, ann, 3)
    for conv in convs:
        reads(ann, conv, 1)
    world.clock.advance(EVERY)
    world.chat.node.tick()
    assert [len(phone.client.reads) for phone in phones] == [1, 1, 1, 1]
    world.tasks.drain()
    assert [len(phone.client.reads) for phone in phones] == [3, 3, 3, 3]


def test_many_marks_are_written_in_parts(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other writes can come in between; in the end, all marks are written."""
    monkeypatch.setattr(log_marks, "WRITTEN_AT_ONCE", 2)
    convs = talk_to(world, ann, 5)
    for conv in convs:
        reads(ann, conv, 3)
    world.passes(1.0)
    assert [stored(ann, conv) for conv in convs] == [3] * 5
    assert len(world.chat.marks) == 0


def test_an_answer_of_the_store_that_is_late_lacks_no_mark(
    world: World, ann: Terminal, bob: Terminal, conv: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was asked before the marks were written, and its answer comes after that."""
    old = world.tasks.run(world.store.log.conversations(bob.user.id, None, 9))

    async def late(*_: object) -> list[Conversation]:
        return old

    ann.takes_over(2)
    reads(ann, conv, 2)
    world.passes(1.0)
    assert (stored(ann, conv), len(world.chat.marks)) == (2, 0)
    monkeypatch.setattr(world.log, "conversations", late)
    (row,) = world.tasks.run(world.chat.history.conversations(bob.user.id, None, 9)).items
    assert (row.peer_got, row.peer_read) == (2, 2)


def test_only_the_last_marks_are_remembered(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are looked up again."""
    monkeypatch.setattr(log_marks, "REMEMBERED", 2)
    marks = world.chat.marks
    marks.reset()
    convs = talk_to(world, ann, 3)
    for conv in convs:
        reads(ann, conv, 2)
    world.passes(1.0)
    assert [marks.remembered(ann.user.id, conv) for conv in convs] == [None, 2, 2]
    assert world.tasks.run(world.chat.read_marks.of(ann.user.id, convs[0])) == 2


def test_no_part_is_written_after_a_reset(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts that were not written by then mean nothing."""
    monkeypatch.setattr(log_marks, "WRITTEN_AT_ONCE", 1)
    first, second = talk_to(world, ann, 2)
    for conv in (first, second):
        reads(ann, conv, 1)
    world.log.slow_reads = True
    world.tasks.start(world.chat.marks.write())
    world.tasks.drain()
    world.chat.follower.epoch = "another"
    world.log.slow_reads = False
    world.settle()
    assert [stored(ann, conv) for conv in (first, second)] == [1, 0]


def test_marks_of_before_a_reset_count_for_nothing(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """The node drops marks that were not written or told yet. What is read from then on counts."""
    reads(ann, conv, 2)
    world.tasks.run(world.store.log.renew())
    world.tasks.run(world.chat.follower.poll_head())
    world.passes(1.0)
    assert stored(ann, conv) == 0
    assert bob.client.reads == []
    reads(ann, conv, 1)
    world.passes(1.0)
    assert stored(ann, conv) == 1
    assert bob.client.reads == [(ann.user.id, conv, 1)]


def test_what_is_read_during_a_reset_is_not(world: World, ann: Terminal, conv: int) -> None:
    """The mark was one of the old positions, and the one that the store had is forgotten."""
    world.log.slow_reads = True

    async def read() -> None:
        assert not await world.chat.read_marks.read(ann.session, conv, 2)

    world.tasks.start(read())
    world.tasks.drain()
    world.chat.follower.epoch = "another"
    world.settle()
    assert len(world.chat.marks) == 0
    assert world.chat.marks.remembered(ann.user.id, conv) is None


def test_marks_of_another_epoch_are_not_believed(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """The node ignores them, whoever has sent them. Marks of the current epoch are told."""
    for epoch, at in (("another", 2), (world.chat.follower.epoch, 1)):
        world.chat.node.receive(HasRead(epoch, ann.user.id, {conv: at}, private=False))
    assert bob.client.reads == [(ann.user.id, conv, 1)]
    assert ann.client.reads == [(ann.user.id, conv, 1)]


def test_what_was_read_elsewhere_is_no_news_here(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """A device that lags behind another one tells nobody anything."""
    reads(ann, conv, 1)
    world.passes(EVERY)
    epoch = world.chat.follower.epoch
    world.chat.node.receive(HasRead(epoch, ann.user.id, {conv: 2}, private=True))
    reads(ann, conv, 2)
    world.passes(EVERY)
    assert bob.client.reads == [(ann.user.id, conv, 1)]
