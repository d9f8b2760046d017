"""What is forgotten, when, and that nobody has to wait for it.
(`chat_domain.operators.retention`)"""

from collections.abc import Awaitable

import pytest

from chat_domain.errors import TryAgain
from chat_domain.operators.pieces import LEAST, LONG, MOST, PAUSE, PAUSES, Pieces
from chat_domain.operators.retention import Retention
from chat_domain.ports.runtime import Latch
from tests.unit.fakes import ManualClock
from tests.unit.world import Terminal, World

DAY = 24 * 3600.0
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def retention(world: World) -> Retention:
    return world.chat.retention


def forget(world: World) -> None:
    """Forget all that is due, without waiting through the pauses."""
    done: list[bool] = []

    async def go() -> None:
        await world.chat.retention.forget()
        done.append(True)

    world.tasks.start(go())
    world.tasks.drain()
    for _ in range(100):
        if done:
            break
        world.passes(PAUSE)
    assert done


def texts(world: World) -> list[str]:
    return [entry.text for entry in world.entries() if entry.change is None]


def test_what_is_old_is_forgotten(
    world: World, ann: Terminal, bob: Terminal, retention: Retention
) -> None:
    """The age counts to the millisecond, the setting may change meanwhile, and the node counts what
    it deletes."""
    ann.says(bob.user, "one")
    world.passes(DAY)
    ann.says(bob.user, "two")
    world.passes(DAY)
    forget(world)
    assert texts(world) == ["one", "two"]
    retention.keep_days = 2
    forget(world)
    assert texts(world) == ["one", "two"]
    world.passes(0.002)
    forget(world)
    assert texts(world) == ["two"]
    assert retention.forgotten == 1
    retention.keep_days = 1
    forget(world)
    assert texts(world) == []
    assert retention.forgotten == 2


def test_a_clock_that_is_ahead_forgets_nothing_too_early(
    world: World, ann: Terminal, bob: Terminal, retention: Retention
) -> None:
    """Neither the node's clock nor the store's can do so alone: what is deleted does not come back
    when a clock is set right."""
    retention.keep_days = 2
    ann.says(bob.user, "young")
    now_ms = world.clock.ms
    world.log.now = lambda: now_ms + 100 * DAY_MS
    forget(world)
    world.log.now = lambda: now_ms
    world.clock.ms += 100 * DAY_MS
    forget(world)
    assert texts(world) == ["young"]


def test_everything_is_forgotten_that_is_old_however_much_it_is(
    world: World, ann: Terminal, bob: Terminal, retention: Retention
) -> None:
    """It is deleted in pieces, one after the other."""
    for number in range(5 * LEAST):
        ann.says(bob.user, str(number))
    world.passes(DAY + 1)
    retention.keep_days = 1
    forget(world)
    assert texts(world) == []
    assert retention.forgotten == 5 * LEAST


@pytest.mark.parametrize(
    ("everything", "of_group", "kept"),
    [
        (0, 0, ["to bob", "to all"]),
        (0, 1, ["to bob"]),
        (3, 1, ["to bob"]),
        (1, 3, []),
        (1, 0, []),
        (3, 3, ["to bob", "to all"]),
    ],
)
def test_of_a_group_the_shorter_time_counts(  # noqa: PLR0917  # fixtures
    world: World,
    ann: Terminal,
    bob: Terminal,
    retention: Retention,
    everything: int,
    of_group: int,
    kept: list[str],
) -> None:
    """The group's own time and the one for everything both apply."""
    group = world.group(ann, bob)
    world.tasks.run(world.store.groups.keep(group, of_group))
    retention.keep_days = everything
    ann.says(bob.user, "to bob")
    ann.says_to_group(group, "to all")
    world.passes(2 * DAY)
    forget(world)
    assert texts(world) == kept


def test_more_groups_than_are_asked_for_at_once(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All groups get their turn."""
    monkeypatch.setattr("chat_domain.operators.retention.GROUPS_AT_ONCE", 2)
    for number in range(5):
        _, group = world.tasks.run(world.chat.groups.create(ann.user, f"group {number}", ""))
        world.tasks.run(world.store.groups.keep(group.id, 1))
    world.passes(DAY + 1)
    forget(world)
    assert world.entries() == []


def test_nobody_is_shown_by_memory_what_was_deleted(
    world: World, ann: Terminal, bob: Terminal, retention: Retention
) -> None:
    """A node keeps the last entries in memory, which may be old if little is said."""
    group = world.group(ann, bob)
    world.tasks.run(world.store.groups.keep(group, 1))
    bob.chokes()
    ann.says_to_group(group, "of the group")
    ann.says(bob.user, "of everything")
    world.passes(1.5 * DAY)
    ann.says_to_group(group, "young")
    forget(world)
    bob.takes_more()
    assert bob.client.texts == ["of everything", "young"]
    bob.chokes()
    ann.says(bob.user, "too old for it")
    world.passes(2 * DAY)
    retention.keep_days = 2
    ann.says(bob.user, "last")
    forget(world)
    bob.takes_more()
    assert bob.client.texts == ["of everything", "young", "too old for it", "last"]


def test_a_session_goes_on_over_what_was_deleted(
    world: World, ann: Terminal, bob: Terminal, retention: Retention
) -> None:
    """The texts that it has not read are gone, and it gets what comes next."""
    bob.chokes()
    for number in range(600):
        ann.says(bob.user, str(number))
    world.passes(DAY + 1)
    ann.says(bob.user, "young")
    retention.keep_days = 1
    forget(world)
    bob.takes_more()
    assert bob.client.texts == ["young"]
    assert bob.is_live
    ann.says(bob.user, "next")
    assert bob.client.texts == ["young", "next"]


def test_what_a_clock_that_was_behind_has_written_is_shown_as_long_as_it_is_kept(
    world: World, ann: Terminal, bob: Terminal, retention: Retention
) -> None:
    """Such an entry looks old, but the log still has it: only entries before the first young one
    are deleted."""
    group = world.group(ann, bob)
    world.tasks.run(world.store.groups.keep(group, 1))
    retention.keep_days = 2
    bob.chokes()
    ann.says(bob.user, "young")
    ann.says_to_group(group, "young")
    world.clock.ms -= 3 * DAY_MS
    ann.says(bob.user, "by a clock that was behind")
    ann.says_to_group(group, "by the same")
    world.clock.ms += 3 * DAY_MS
    ann.says(bob.user, "last")
    forget(world)
    assert len(texts(world)) == 5
    bob.takes_more()
    assert bob.client.texts == texts(world)


def test_who_has_missed_what_was_deleted_is_reset(
    world: World, ann: Terminal, retention: Retention
) -> None:
    """A device that was at the head, or that gives no position, gets what is left."""
    (cid,) = world.register("Cid")
    for number in range(3):
        ann.says(cid, str(number))
    world.passes(DAY + 1)
    ann.says(cid, "young")
    retention.keep_days = 1
    forget(world)
    world.tasks.run(world.chat.follower.poll_head())
    assert world.log_in(cid, since=2).was_reset
    device = world.log_in(cid, since=3)
    assert not device.was_reset
    assert device.client.texts == ["young"]
    assert world.log_in(cid).client.texts == ["young"]


def test_a_store_that_cannot_leaves_it_for_the_next_time(
    world: World, ann: Terminal, bob: Terminal, retention: Retention
) -> None:
    """The work is left until the next call."""
    ann.says(bob.user, "one")
    world.passes(DAY + 1)
    retention.keep_days = 1
    world.log.failing = True
    with pytest.raises(TryAgain):
        world.tasks.run(retention.forget())
    world.log.failing = False
    forget(world)
    assert world.entries() == []


# -- pieces ---------------------------------------------------------------------------------------


class Machine:
    """A database that takes the given time for each piece. `waits` has the pauses between them."""

    def __init__(self, *takes: float) -> None:
        self.clock = ManualClock()
        self.takes = list(takes)
        self.asked: list[int] = []
        self.waits: list[float] = []

    def latch(self) -> Latch:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def do(self, limit: int) -> bool:
        self.asked.append(limit)
        self.clock.advance(self.takes.pop(0))
        return bool(self.takes)


def finish(unfinished: Awaitable[None]) -> None:
    with pytest.raises(StopIteration):
        unfinished.__await__().send(None)


def test_pieces_grow_and_shrink_with_the_time_that_they_take() -> None:
    """The size stays within two bounds, and a long pause follows a piece that took long."""
    machine = Machine(*[0.001] * 8, 0.007, 0.2, 0.2, *[0.02] * 8)
    finish(Pieces(machine.clock, machine).run(machine.do))
    grown = [min(MOST, LEAST * 2**n) for n in range(8)]
    assert machine.asked[:10] == [*grown, MOST, MOST]
    assert machine.asked[10:13] == [MOST // 2, MOST // 4, MOST // 8]
    assert machine.asked[-1] == LEAST
    assert machine.waits[:3] == [PAUSE] * 3
    assert machine.waits[9] == pytest.approx(PAUSES * 0.2)
    assert len(machine.waits) == len(machine.asked)


def test_the_size_is_known_to_the_next_work() -> None:
    """If the database is busy, it is also busy for the next work."""
    machine = Machine(0.001, 0.001)
    pieces = Pieces(machine.clock, machine)
    finish(pieces.run(machine.do))
    machine.takes = [2 * LONG]
    finish(pieces.run(machine.do))
    machine.takes = [0.001]
    finish(pieces.run(machine.do))
    assert machine.asked == [LEAST, 2 * LEAST, 4 * LEAST, 2 * LEAST]
