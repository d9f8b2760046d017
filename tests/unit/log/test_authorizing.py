"""What may be written while other nodes change who may write."""

from collections.abc import Callable
from itertools import cycle

import pytest

from chat_domain.entries import FOREVER, Batch, Change, ChangeKind, pair
from chat_domain.log.follower import GAP_WAITS
from chat_domain.log.queue import MAX_RETRIES
from chat_domain.ports.log import Outcome
from tests.unit.fakes import finished
from tests.unit.log.elsewhere import Elsewhere
from tests.unit.world import Terminal, World

LEFT, JOINED = Change(ChangeKind.LEFT), Change(ChangeKind.JOINED)


def test_no_changes_elsewhere_keep_a_message_out_of_the_log(
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it had to wait until this node has applied the last one, a client that joins and leaves a
    group again and again at another node would silence everybody here."""
    group, append, changes = world.group(ann, bob), world.log.append, cycle((LEFT, JOINED))

    def append_late(batch: Batch, done: Callable[[Outcome], None]) -> None:
        elsewhere.changes(bob, group, next(changes))
        append(batch, done)

    monkeypatch.setattr(world.log, "append", append_late)
    ann.says(bob.user, "to one")
    ann.says_to_group(group, "to all")
    for _ in range(MAX_RETRIES + 1):
        world.passes(GAP_WAITS)
    assert ann.client.statuses == ["accepted", "accepted"]
    assert bob.client.texts[0] == "to one"
    assert ann.client.texts == []


@pytest.mark.usefixtures("judged_again")
@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ([LEFT], "NotMember"),
        ([LEFT, JOINED], "accepted"),
        ([Change(ChangeKind.REMOVED, user_id=2)], "NotMember"),
        ([Change(ChangeKind.REMOVED, user_id=1)], "accepted"),
        ([Change(ChangeKind.RENAMED, name="walkers")], "accepted"),
        ([Change(ChangeKind.ENDED)], "NoSuchGroup"),
    ],
)
def test_a_group_is_as_the_log_has_it(  # noqa: PLR0917  # fixtures
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
    changes: list[Change],
    outcome: str,
) -> None:
    """Bob changes it at another node, of which this one has not heard."""
    group = world.group(bob, ann)
    for change in changes:
        elsewhere.changes(bob, group, change)
    bob.says_to_group(group, "hello")
    world.passes(GAP_WAITS)
    world.tasks.drain()
    assert bob.client.statuses == [outcome]


def test_who_has_joined_elsewhere_may_write(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """Even if this node has not heard of it."""
    group = world.group(ann)
    elsewhere.changes(bob, group, JOINED)
    bob.says_to_group(group, "hello")
    world.passes(GAP_WAITS)
    world.tasks.drain()
    assert bob.client.statuses == ["accepted"]


@pytest.mark.usefixtures("judged_again")
@pytest.mark.parametrize(
    ("change", "outcomes"),
    [
        (Change(ChangeKind.ALL_ENDED), ["NotLoggedIn", "NotLoggedIn"]),
        (Change(ChangeKind.ALL_ENDED, detail="phone"), ["accepted", "NotLoggedIn"]),
        (Change(ChangeKind.ERASED), ["NotLoggedIn", "NotLoggedIn"]),
    ],
)
def test_whose_sessions_have_ended_elsewhere_writes_nothing(  # noqa: PLR0917  # fixtures
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
    change: Change,
    outcomes: list[str],
) -> None:
    """Except with the one that has not; and others do."""
    bob.leaves()
    devices = [world.log_in(bob.user, name) for name in ("phone", "laptop")]
    elsewhere.changes(bob, pair(bob.user.id, bob.user.id), change)
    for device in devices:
        device.says(ann.user, "hello")
    ann.says(bob.user, "are you there?")
    world.passes(GAP_WAITS)
    world.tasks.drain()
    assert [device.client.statuses for device in devices] == [[outcome] for outcome in outcomes]
    assert ann.client.statuses == ["accepted"]


def test_whoever_is_erased_writes_nothing(world: World, ann: Terminal, bob: Terminal) -> None:
    """Not even in a session that has not been ended."""
    world.chat.follower.ring.erased.add(bob.user.id)
    bob.says(ann.user, "hello")
    world.tasks.drain()
    assert bob.client.statuses == ["NotLoggedIn"]


def test_what_waits_to_be_judged_again_at_a_reset_is_refused(
    world: World,
    ann: Terminal,
    bob: Terminal,
    elsewhere: Elsewhere,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What its writer may see is unknown by then."""
    monkeypatch.setattr("adapters.sql.changes.MOST_MISSED", 0)
    group = world.group(ann, bob)
    elsewhere.changes(bob, group, LEFT)
    ann.says(bob.user, "hello")
    assert ann.client.statuses == []
    world.chat.queue.reset()
    world.passes(GAP_WAITS)
    world.tasks.drain()
    assert ann.client.statuses == ["TryAgain"]
    assert bob.client.texts == []
    ann.says(bob.user, "again")
    assert bob.client.texts == ["again"]


def test_changes_that_were_deleted_unseen_do_not_let_a_former_member_write(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """The log cannot say which they were; so the node begins anew at the log's head."""
    group = world.group(ann, bob)
    elsewhere.changes(bob, group, LEFT)
    assert finished(elsewhere.log.forget_of(group, FOREVER, 10))
    bob.says_to_group(group, "still here?")
    world.passes(GAP_WAITS)
    world.tasks.drain()
    assert bob.client.statuses == ["TryAgain"]
    assert bob.client.notices == ["dropped"]
