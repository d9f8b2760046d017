"""When much waits to be written, its writers take turns."""

from typing import Any

import pytest

from chat_domain.entries import Batch
from chat_domain.errors import TryAgain
from chat_domain.log import queue
from chat_domain.log.queue import MOST_BYTES, QUARTER
from tests.unit.world import Terminal, World

LONGEST = "\U0001f600" * 4_096  # 16 KiB
IN_A_BATCH = MOST_BYTES // (4 * len(LONGEST))
MUCH = QUARTER // (4 * len(LONGEST)) + 2 * IN_A_BATCH  # messages


@pytest.fixture
def many(world: World, bob: Terminal) -> list[Terminal]:
    """A user with many connections, each of which has written to Bob before."""
    (user,) = world.register("Ann")
    connections = [world.log_in(user) for _ in range(5)]
    for one in connections:
        one.says(bob.user, "the first is looked at")
    return connections


def is_taken(sender: Terminal, to: Terminal, cid: str | None = None) -> bool:
    """Write a long text; return whether it is on its way into the log."""
    try:
        sender.says(to.user, LONGEST, cid=cid)
    except TryAgain:
        return False
    return True


def test_a_user_who_writes_little_is_in_the_next_batch(
    world: World, many: list[Terminal], bob: Terminal
) -> None:
    """However much of others waits before it."""
    ann, *_ = many
    bob.says(ann.user, "the first is looked at")
    world.log.slow_writes = True
    for number in range(MUCH):
        many[number % len(many)].says(bob.user, LONGEST)
    world.tasks.drain()
    bob.says(ann.user, "hello")
    for _ in range(2):  # the one on its way, and the next one
        world.log.serve()
        world.tasks.drain()
    assert "hello" in [entry.text for entry in world.entries()]


def test_a_batch_has_so_many_bytes_at_most(
    world: World, many: list[Terminal], bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long each of the texts is that wait."""
    sizes: list[int] = []
    append = world.log.append

    def measured(batch: Batch, *args: Any) -> None:
        sizes.append(sum(entry.size for entry in batch.entries))
        append(batch, *args)

    monkeypatch.setattr(world.log, "append", measured)
    world.log.slow_writes = True
    for number in range(3 * IN_A_BATCH):
        many[0].says(bob.user, LONGEST if number % 2 else "short")
    while world.log.writing:
        world.log.serve()
        world.tasks.drain()
    assert len(world.chat.queue) == 0
    assert max(sizes) <= MOST_BYTES


def test_what_takes_turns_stays_in_order(world: World, many: list[Terminal], bob: Terminal) -> None:
    """That of each user, and so of each session."""
    ann, *_ = many
    bob.says(ann.user, "the first is looked at")
    before = len(world.entries())
    world.log.slow_writes = True
    for number in range(MUCH):
        many[number % 2].says(bob.user, f"{number}{LONGEST[5:]}", cid=f"a{number}")
        if number % 2:
            bob.says(ann.user, f"{number}", cid=f"b{number}")
        world.tasks.drain()
    world.log.slow_writes = False
    while world.log.writing:
        world.log.serve()
        world.tasks.drain()
    cids = [entry.cid for entry in world.entries()[before:]]
    assert [cid for cid in cids if cid[0] == "a"] == [f"a{number}" for number in range(MUCH)]
    assert [cid for cid in cids if cid[0] == "b"] == [f"b{number}" for number in range(1, MUCH, 2)]
    assert len(world.chat.queue) == 0


def test_a_full_queue_has_room_for_users_who_have_little_in_it(
    world: World, many: list[Terminal], bob: Terminal
) -> None:
    """Those who have filled it are told to try again, and all of it is written in the end. They can
    still change something, such as end their sessions."""
    bob.says(many[0].user, "the first is looked at")
    before = len(world.entries())
    world.log.slow_writes = True
    written = 0
    while is_taken(many[written % len(many)], bob):
        written += 1
    bob.says(many[0].user, "hello")
    world.tasks.start(world.chat.devices.end_all(many[0].user))
    world.log.slow_writes = False
    world.tasks.drain()
    while world.log.writing:
        world.log.serve()
        world.tasks.drain()
    assert len(world.entries()) == before + written + 2


def test_a_full_queue_takes_nothing_from_anybody(
    world: World, many: list[Terminal], bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users with little in it may be very many."""
    monkeypatch.setattr(queue, "HALF", 500)
    monkeypatch.setattr(queue, "MOST_WAITING", 2_000)
    bob.says(many[0].user, "the first is looked at")
    world.log.slow_writes = True
    for one in many:
        one.says(bob.user, "x" * 300)
    with pytest.raises(TryAgain):
        bob.says(many[0].user, "hello")


def test_what_a_full_queue_refuses_again_keeps_its_place(
    world: World, many: list[Terminal], bob: Terminal
) -> None:
    """Its place is before what was refused behind it the first time."""
    world.log.slow_writes = True
    written = 0
    while is_taken(many[written % len(many)], bob):
        written += 1
    ann = many[written % len(many) - 1]
    assert [is_taken(ann, bob, cid) for cid in ("c1", "c2", "c1")] == [False] * 3
    world.log.slow_writes = False
    while world.log.writing:
        world.log.serve()
        world.tasks.drain()
    assert [is_taken(ann, bob, cid) for cid in ("c2", "c1", "c2")] == [False, True, True]
