"""Notes that somebody is typing: who is told, and how often."""

import pytest

from chat_domain.entries import Change, ChangeKind, pair
from chat_domain.errors import NotMember
from chat_domain.messages import audience
from chat_domain.messages.audience import MOST_MEMBERS, SIZE_VALID_FOR
from chat_domain.messages.typing import AT_ONCE, PASSED_ON_EVERY
from chat_domain.notes import IsTyping
from tests.unit.world import Terminal, World


def types(who: Terminal, conv: int) -> bool:
    """Say that this user is typing. Return whether the node had something to do for it."""
    unfinished = who.world.chat.typing.report(who.session, conv)
    if unfinished is not None:

        async def finish() -> None:
            await unfinished

        who.world.tasks.run(finish())
    return unfinished is not None


def of_two(one: Terminal, other: Terminal) -> int:
    return pair(one.user.id, other.user.id)


@pytest.fixture
def conv(ann: Terminal, bob: Terminal) -> int:
    """A conversation in which Bob has written to Ann."""
    bob.says(ann.user, "hello")
    return of_two(ann, bob)


# -- who is told -----------------------------------------------------------------------------------


def test_the_other_one_of_two_is_told(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """All their devices are told. The writer's other devices are not, nor is anybody else."""
    cid, phone, tablet = world.newcomer("Cid"), world.log_in(ann.user), world.log_in(bob.user)
    types(ann, conv)
    assert bob.client.typing == tablet.client.typing == [("Ann", conv)]
    assert ann.client.typing == phone.client.typing == cid.client.typing == []


def test_the_members_of_a_group_are_told(world: World, ann: Terminal, bob: Terminal) -> None:
    """The writer's own devices are not."""
    cid, phone = world.newcomer("Cid"), world.log_in(ann.user)
    group = world.group(ann, bob, cid)
    types(ann, group)
    assert bob.client.typing == cid.client.typing == [("Ann", group)]
    assert ann.client.typing == phone.client.typing == []


def test_a_note_about_a_large_group_tells_nobody(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No node sends such notes, and it would take long to tell thousands of members for each forged
    one."""
    monkeypatch.setattr(audience, "MOST_TOLD", 2)
    group = world.group(ann, bob)
    note = IsTyping(ann.user.id, "Ann", group)
    world.chat.typing.on_note(note)
    world.tasks.run(world.chat.groups.join(world.newcomer("Cid").user, group))
    world.chat.typing.on_note(note)
    assert bob.client.typing == [("Ann", group)]


@pytest.mark.parametrize("number", [MOST_MEMBERS, MOST_MEMBERS + 1])
def test_a_large_group_is_not_told(world: World, ann: Terminal, bob: Terminal, number: int) -> None:
    """None of its members is told."""
    group = world.group(ann, bob)
    for user in world.register(*(f"user {one}" for one in range(number - 2))):
        world.tasks.run(world.chat.groups.join(user, group))
    types(ann, group)
    assert bool(bob.client.typing) is (number == MOST_MEMBERS)


def test_who_has_never_been_written_to_is_not_told(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Otherwise anybody could draw attention. After a first message, either side can be told."""
    types(ann, of_two(ann, bob))
    assert bob.client.typing == []
    bob.says(ann.user, "hello")
    world.passes(PASSED_ON_EVERY)
    types(ann, of_two(ann, bob))
    types(bob, of_two(ann, bob))
    assert bob.client.typing == [("Ann", of_two(ann, bob))]
    assert ann.client.typing == [("Bob", of_two(ann, bob))]


def test_of_what_one_is_not_in_one_is_refused(world: World, ann: Terminal, bob: Terminal) -> None:
    """So are notes about groups that do not exist, and about groups that the user has left."""
    group, cid = world.group(bob, ann), world.newcomer("Cid")
    world.tasks.run(world.chat.groups.leave(ann.user, group))
    for who, other in ((ann, group), (cid, group), (ann, 99)):
        with pytest.raises(NotMember):
            types(who, other)
    assert bob.client.typing == []


def test_one_s_own_notes_are_nobody_s(world: World, ann: Terminal) -> None:
    """The user's other devices are not told."""
    phone = world.log_in(ann.user)
    ann.says(ann.user, "a note")
    types(ann, of_two(ann, ann))
    assert ann.client.typing == phone.client.typing == []


def test_who_hides_it_is_not_noticed(world: World, ann: Terminal, bob: Terminal, conv: int) -> None:
    """The setting takes effect at once, and so does its end."""
    settings, group = world.chat.settings, world.group(ann, bob)
    world.tasks.run(settings.change(ann.session, hide_typing=True))
    types(ann, conv)
    types(ann, group)
    assert bob.client.typing == []
    world.tasks.run(settings.change(ann.session, hide_typing=False))
    world.passes(PASSED_ON_EVERY)
    types(ann, conv)
    assert bob.client.typing == [("Ann", conv)]


def test_who_is_away_or_behind_hears_nothing_of_it_later(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """The node does not keep such notes."""
    bob.chokes()
    types(ann, conv)
    bob.takes_more()
    bob.leaves()
    world.passes(PASSED_ON_EVERY)
    types(ann, conv)
    assert bob.client.typing == world.log_in(bob.user).client.typing == []


# -- how often -------------------------------------------------------------------------------------


def test_it_is_passed_on_once_in_a_while(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """The interval is counted for each user and conversation."""
    for _ in range(100):
        types(ann, conv)
    world.passes(PASSED_ON_EVERY - 0.1)
    assert not types(ann, conv)
    assert len(bob.client.typing) == 1
    world.passes(0.1)
    assert types(ann, conv)
    assert len(bob.client.typing) == 2
    group, phone = world.group(ann, bob), world.log_in(ann.user)
    assert types(ann, group)
    assert not types(phone, conv)  # nobody types on two devices at once
    assert len(bob.client.typing) == 3


def test_a_flood_costs_nothing(world: World, ann: Terminal) -> None:
    """However many conversations it names, the node asks the store about a few of them at most."""
    asked = [number for number in range(2, 1000) if types(ann, pair(ann.user.id, number))]
    assert len(asked) == AT_ONCE
    assert len(ann.session.typing_sent) == AT_ONCE
    world.passes(PASSED_ON_EVERY)
    assert types(ann, pair(ann.user.id, 2))
    assert len(ann.session.typing_sent) == 1


def test_what_cannot_be_looked_up_is_not_told(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """The typing user gets no error either."""
    world.log.failing = True
    assert types(ann, conv)
    assert bob.client.typing == []


def test_how_large_a_group_is_is_asked_now_and_then(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The members of a group that has just ended would therefore still be told."""
    group = world.group(ann, bob)
    is_told = world.chat.typing.audience.has_recipients
    assert world.tasks.run(is_told(group))
    world.tasks.run(world.chat.groups.change(ann.user, group, Change(ChangeKind.ENDED)))
    assert world.tasks.run(is_told(group))
    world.passes(SIZE_VALID_FOR)
    assert not world.tasks.run(is_told(group))


def test_another_node_s_users_are_told_like_one_s_own(
    world: World, ann: Terminal, bob: Terminal, conv: int
) -> None:
    """Those of the conversation who are on this node are told."""
    phone = world.log_in(ann.user)
    world.chat.node.receive(IsTyping(ann.user.id, "Ann", conv))
    world.chat.node.receive(IsTyping(99, "Zoe", pair(98, 99)))
    assert bob.client.typing == [("Ann", conv)]
    assert phone.client.typing == []
