"""The order in which a session writes is the order in the log, whatever fails meanwhile."""

import pytest

from chat_domain.errors import TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import Limits
from chat_domain.log.session import EXPECTED_FOR
from tests.unit.world import Said, Terminal, World


@pytest.fixture
def ann(world: World, bob: Terminal) -> Terminal:
    """A user who has written to Bob before."""
    ann = world.newcomer("Ann")
    ann.says(bob.user, "the first is looked at", cid="c0")
    return ann


def is_accepted(sender: Terminal, to: Terminal, cid: str) -> bool:
    """Send this (again); return whether it is in the log now."""
    before = len(sender.client.answers)
    try:
        unfinished = sender.world.chat.one_to_one.send(sender.session, to.user.id, Said(cid, cid))
    except TryAgain:
        return False
    assert unfinished is None
    sender.world.tasks.drain()
    return sender.client.answers[before].error is None


def write_slowly(sender: Terminal, to: Terminal, *cids: str) -> None:
    """Let the first of these be on its way and the others wait behind it until they are served."""
    world = sender.world
    world.log.slow_writes = True
    for cid in cids:
        sender.says(to.user, cid, cid=cid)
        world.tasks.drain()


def texts(world: World) -> list[str]:
    return [entry.text for entry in world.entries()][1:]


def test_nothing_overtakes_what_was_refused_for_the_moment(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """What comes after it is refused as well, until it comes again."""
    world.log.failing = True
    assert not is_accepted(ann, bob, "c1")
    world.log.failing = False
    assert not is_accepted(ann, bob, "c2")
    assert [is_accepted(ann, bob, cid) for cid in ("c1", "c2", "c3")] == [True, True, True]
    assert texts(world) == ["c1", "c2", "c3"]


def test_what_was_refused_behind_it_comes_before_what_is_new(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """All of it is expected again, in order."""
    world.log.failing = True
    for cid in ("c1", "c2", "c3"):
        is_accepted(ann, bob, cid)
    world.log.failing = False
    sent = ("c3", "c2", "c1", "c4", "c3", "c2", "c3", "c4")
    accepted = [cid for cid in sent if is_accepted(ann, bob, cid)]
    assert accepted == ["c1", "c2", "c3", "c4"]
    assert texts(world) == ["c1", "c2", "c3", "c4"]


def test_what_is_refused_again_keeps_its_place(world: World, ann: Terminal, bob: Terminal) -> None:
    """Its place is before what was refused behind it the first time."""
    world.log.failing = True
    for cid in ("c1", "c2", "c1"):
        is_accepted(ann, bob, cid)
    world.log.failing = False
    assert not is_accepted(ann, bob, "c2")
    assert is_accepted(ann, bob, "c1")
    assert is_accepted(ann, bob, "c2")


def test_all_that_waits_is_refused_with_what_could_not_be_written(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Otherwise, the log would have it without what was sent before it."""
    write_slowly(ann, bob, "c1", "c2", "c3")
    world.log.failing = True
    world.log.serve()
    world.tasks.drain()
    world.log.failing = world.log.slow_writes = False
    assert ann.client.statuses[1:] == ["TryAgain"] * 3
    assert texts(world) == []
    assert [is_accepted(ann, bob, cid) for cid in ("c2", "c1", "c2", "c3")] == [
        False,
        True,
        True,
        True,
    ]
    assert texts(world) == ["c1", "c2", "c3"]


@pytest.mark.parametrize("failing", [False, True])
def test_who_waits_for_what_they_wrote_goes_on_once_all_of_it_is_answered(
    world: World, ann: Terminal, bob: Terminal, *, failing: bool
) -> None:
    """Whether it was written or refused: then no time passes before their next request."""
    write_slowly(ann, bob, "c1", "c2")
    waits: list[bool] = []

    async def wait() -> None:
        waits.append(True)
        await world.chat.queue.wait_answered(ann.session)
        waits.clear()

    world.tasks.start(wait())
    world.tasks.drain()
    assert waits
    world.log.failing = failing
    world.settle()
    assert not waits


def test_nothing_is_written_until_it_is_known_again_what_may_be(
    world: World, ann: Terminal, bob: Terminal, old: Terminal
) -> None:
    """The follower was reset. The session might write to a user, but not before its earlier
    message to a group."""
    group = world.group(ann, old)
    old.says(bob.user, "the first is looked at")
    world.reset()
    with pytest.raises(TryAgain):
        old.says_to_group(group, "c1", cid="c1")
    assert not is_accepted(old, bob, "c2")
    world.settle()
    assert not is_accepted(old, bob, "c2")
    old.says_to_group(group, "c1", cid="c1")
    assert is_accepted(old, bob, "c2")


def test_what_waits_at_a_reset_is_refused_in_its_order(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """So is what is on its way, once it has come back, whatever has become of it."""
    write_slowly(ann, bob, "c1", "c2", "c3")
    world.chat.queue.reset()
    assert ann.client.statuses[1:] == ["TryAgain"] * 2
    world.log.slow_writes = False
    world.settle()
    assert ann.client.statuses[1:] == ["TryAgain"] * 3
    assert [is_accepted(ann, bob, cid) for cid in ("c2", "c1", "c2", "c3", "c4")] == [
        False,
        True,
        True,
        True,
        True,
    ]
    assert texts(world) == ["c1", "c2", "c3", "c4"]
    assert len(world.chat.queue) == 0


def test_a_message_whose_fate_was_unknown_gets_its_first_position(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """It was committed although the node did not know. It is shown once."""
    world.log.unsure = True
    assert not is_accepted(ann, bob, "c1")
    world.log.unsure = False
    world.passes(1.0)
    assert is_accepted(ann, bob, "c1")
    assert is_accepted(ann, bob, "c2")
    world.passes(1.0)
    assert texts(world) == ["c1", "c2"]
    assert bob.client.texts[1:] == ["c1", "c2"]


def test_a_sender_who_gives_a_message_up_can_go_on_later(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The session does not wait for it forever."""
    world.log.failing = True
    is_accepted(ann, bob, "c1")
    world.log.failing = False
    world.clock.advance(EXPECTED_FOR - 0.1)
    assert not is_accepted(ann, bob, "c2")
    world.clock.advance(EXPECTED_FOR)
    assert is_accepted(ann, bob, "c2")


def test_a_sender_who_gives_a_message_up_and_tries_the_next_can_go_on_as_soon(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """This holds however often later messages are tried meanwhile."""
    world.log.failing = True
    is_accepted(ann, bob, "c1")
    world.log.failing = False
    for _ in range(int(EXPECTED_FOR) - 1):
        world.clock.advance(1.0)
        assert not is_accepted(ann, bob, "c2")
    world.clock.advance(1.0)
    assert is_accepted(ann, bob, "c2")


def test_what_its_client_is_shown_is_not_expected_again(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """It was committed although the node did not know, and showing it counts as the answer."""
    world.log.unsure = True
    for cid in ("c1", "c2"):
        assert not is_accepted(ann, bob, cid)
    world.log.unsure = False
    world.tasks.run(world.chat.follower.poll_head())
    world.passes(1.0)
    assert ann.client.texts == ["c1"]
    assert [is_accepted(ann, bob, cid) for cid in ("c3", "c2", "c3")] == [False, True, True]


def test_what_its_client_is_shown_of_a_group_is_not_expected_again(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """It works as between two users."""
    group = world.group(ann, bob)
    world.log.unsure = True
    ann.says_to_group(group, "c1", cid="c1")
    assert not is_accepted(ann, bob, "c2")
    world.log.unsure = False
    world.tasks.run(world.chat.follower.poll_head())
    world.passes(1.0)
    assert ann.client.texts == ["c1"]
    assert [is_accepted(ann, bob, cid) for cid in ("c3", "c2", "c3")] == [False, True, True]


def test_two_copies_that_fail_together_are_expected_once(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    world.log.slow_writes = True
    for cid in ("c1", "c1", "c2"):
        ann.says(bob.user, cid, cid=cid)
        world.tasks.drain()
    world.log.failing = True
    world.log.serve()
    world.tasks.drain()
    world.log.failing = world.log.slow_writes = False
    assert [is_accepted(ann, bob, cid) for cid in ("c1", "c2", "c3")] == [True, True, True]


def test_messages_without_a_cid_wait_for_nothing(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """They cannot be recognised when they come again."""
    world.log.failing = True
    ann.says(bob.user, "lost")
    world.log.failing = False
    assert is_accepted(ann, bob, "c1")


def test_another_session_of_the_same_user_waits_for_nothing(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """In whatever order two sessions send the same messages, the first copies are in order."""
    other = world.log_in(ann.user)
    other.says(bob.user, "the first is looked at")
    world.log.failing = True
    for cid in ("c1", "c2"):
        is_accepted(ann, bob, cid)
    world.log.failing = False
    assert [is_accepted(other, bob, cid) for cid in ("c1", "c2")] == [True, True]
    assert [is_accepted(ann, bob, cid) for cid in ("c1", "c2")] == [True, True]
    assert texts(world)[1:] == ["c1", "c2"]


def test_nothing_overtakes_what_could_not_be_checked_for_the_moment() -> None:
    """The first message to a user needs the store, which did not answer."""
    world = World(guard=Guard(Limits()))
    ann, bob, cid = [world.newcomer(name) for name in ("Ann", "Bob", "Cid")]
    group = world.group(ann, bob)
    world.log.failing = True
    with pytest.raises(TryAgain):
        ann.says(cid.user, "c1", cid="c1")
    world.log.failing = False
    with pytest.raises(TryAgain):
        ann.says_to_group(group, "c2", cid="c2")
    ann.says(cid.user, "c1", cid="c1")
    ann.says_to_group(group, "c2", cid="c2")
    assert [entry.text for entry in world.entries() if entry.text] == ["c1", "c2"]


@pytest.mark.parametrize("pause", [0.0, EXPECTED_FOR * 0.06])
def test_what_cannot_be_checked_is_waited_for_as_long_as_it_comes_again(
    monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    """This holds however long that takes, and however many later messages need the same check:
    these are not checked, so they cost no time. Its time counts from its last attempt; otherwise it
    would be over, with pauses, while others come."""

    async def no_answer(*_: object) -> int:
        world.clock.advance(EXPECTED_FOR / 4)
        raise TryAgain

    world = World(guard=Guard(Limits()))
    ann, bob, *others = [world.newcomer(f"user {letter}") for letter in "abcdefgh"]
    group = world.group(ann, bob)
    with monkeypatch.context() as away:
        away.setattr(world.log, "undelivered", no_answer)
        for _ in range(6):
            for to in others:
                with pytest.raises(TryAgain):
                    ann.says(to.user, to.user.name, cid=f"c{to.user.id}")
                world.clock.advance(pause)
            with pytest.raises(TryAgain):
                ann.says_to_group(group, "last", cid="last")
            world.clock.advance(pause)
    for to in others:
        ann.says(to.user, to.user.name, cid=f"c{to.user.id}")
    ann.says_to_group(group, "last", cid="last")
    said = [entry.text for entry in world.entries() if entry.text]
    assert said == [*(to.user.name for to in others), "last"]


def test_what_was_given_up_lets_nothing_overtake_what_fails_later(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The later one is expected by itself, for as long as any other."""
    world.log.failing = True
    assert not is_accepted(ann, bob, "c1")
    world.log.failing = False
    world.clock.advance(2 * EXPECTED_FOR)
    ann.session.subscribed = False
    assert not is_accepted(ann, bob, "c2")
    ann.session.subscribed = True
    assert [is_accepted(ann, bob, cid) for cid in ("c3", "c2", "c3")] == [False, True, True]
