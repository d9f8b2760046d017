"""Nodes know of each other's crowds: groups that many connections read."""

import pytest

from chat_domain.fairness.meter import READERS_PER_FRAME
from chat_domain.log.crowds import REMEMBERED, TOLD_EVERY, VALID_FOR
from chat_domain.notes import CrowdsThere
from tests.contract.pairs import Pair, Person, enter, pair_in_memory
from tests.eventually import eventually
from tests.unit.fakes import ManualClock
from tests.unit.world import Terminal, World


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def pair(clock: ManualClock) -> Pair:
    pair = await pair_in_memory()
    for chat in (pair.first, pair.second):
        chat.crowds.clock = clock
    return pair


async def crowd(pair: Pair, size: int) -> tuple[int, list[Person]]:
    """A group of a user with so many sessions on the second node: its id, and they."""
    ann = await pair.first.registration.register("Ann", "x")
    _, group = await pair.first.groups.create(ann, "Chess", "")
    return group.id, [await enter(pair.second, ann) for _ in range(size)]


async def test_a_node_tells_of_a_crowd_that_has_doubled(pair: Pair) -> None:
    """At once, since what is said there costs it as much at once."""
    group_id, people = await crowd(pair, 2 * READERS_PER_FRAME)
    await eventually(lambda: pair.first.crowds.readers(group_id) == len(people))
    assert pair.second.crowds.readers(group_id) == len(people)


async def test_a_node_tells_of_its_crowds_regularly(pair: Pair, clock: ManualClock) -> None:
    """Of groups with few readers it does not, and what is not told again is forgotten."""
    group_id, people = await crowd(pair, READERS_PER_FRAME + 1)
    first, second = pair.first.crowds, pair.second.crowds
    assert first.readers(group_id) == 0
    second.tick(clock.monotonic())
    await eventually(lambda: first.readers(group_id) == READERS_PER_FRAME + 1)
    await pair.second.logins.end(people[0].session)
    clock.advance(TOLD_EVERY)
    second.tick(clock.monotonic())
    assert pair.second.sessions.crowded == set()
    clock.advance(VALID_FOR)
    assert first.readers(group_id) == 0


def test_a_note_names_so_many_crowds_at_most(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many grow at once; nodes take no longer ones."""
    monkeypatch.setattr("chat_domain.log.crowds.MOST_CROWDS", 2)
    notes: list[CrowdsThere] = []
    monkeypatch.setattr(world.chat.crowds.broker, "broadcast", notes.append)
    groups = [world.group(ann, name=f"group {number}") for number in range(3)]
    notes.clear()
    for group_id in groups:
        world.chat.crowds.grown(group_id)
    world.tasks.drain()
    assert [len(note.readers) for note in notes] == [2]


async def test_the_largest_crowd_of_a_group_counts(pair: Pair, clock: ManualClock) -> None:
    """Each node bears its own, so they do not add up. A smaller one counts once it is the only
    one."""
    crowds = pair.first.crowds
    for readers in (20, 90, 40):
        crowds.on_note(CrowdsThere({7: readers}))
    assert crowds.readers(7) == 90
    clock.advance(VALID_FOR)
    crowds.on_note(CrowdsThere({7: 40}))
    assert crowds.readers(7) == 40


async def test_what_is_remembered_has_a_bound(pair: Pair, clock: ManualClock) -> None:
    """Whoever can write to Redis may make up any number of groups. They last for a moment."""
    crowds = pair.first.crowds
    crowds.on_note(CrowdsThere(dict.fromkeys(range(1, REMEMBERED + 1), 20)))
    crowds.on_note(CrowdsThere({REMEMBERED + 1: 90}))
    assert (crowds.readers(REMEMBERED), crowds.readers(REMEMBERED + 1)) == (20, 0)
    clock.advance(VALID_FOR)
    crowds.on_note(CrowdsThere({REMEMBERED + 1: 90}))
    assert (crowds.readers(REMEMBERED), crowds.readers(REMEMBERED + 1)) == (0, 90)
