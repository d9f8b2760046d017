"""What it costs to leave a large group, and to look at one that many have left."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from adapters.memory.database import MemoryDatabase
from adapters.runtime.synchronous import run_synchronously
from adapters.sql import changes
from adapters.sql.admission import Seen
from adapters.sql.groups import SqlGroups
from chat_domain.entries import CHANGE, FOREVER, NO_ENTRY, Batch, Change, ChangeKind, Entry
from chat_domain.ports.store import Groups

GROUP = 1
ROWS = 5_000  # of Member
STEP = 100  # of SQLite's instructions


@contextmanager
def group(left: Callable[[int], int]) -> Iterator[MemoryDatabase]:
    """A group in which everybody was once, each until `left` of their number. Fails if what is done
    with it takes as many instructions as it has rows."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    database = MemoryDatabase()
    database.connection.execute(
        "INSERT INTO AllGroup (groupname, namekey, skeleton, keyskeleton, groupdesc)"
        " VALUES ('a', 'a', 'a', 'a', '')"
    )
    database.connection.executemany(
        "INSERT INTO Member (userid, conv, role, joined, since, `left`) VALUES (?, 1, ?, 1, 0, ?)",
        [(n + 1, "normal" if n else "creator", left(n)) for n in range(ROWS)],
    )
    database.connection.executemany(
        "INSERT INTO User (name, namekey, skeleton, keyskeleton, password)"
        " VALUES (?1, ?1, ?1, ?1, '')",
        [(f"user {n}",) for n in range(ROWS)],
    )
    database.connection.set_progress_handler(count, STEP)
    yield database
    assert steps * STEP < ROWS


def test_who_leaves_a_large_group_has_nobody_look_at_all_of_it() -> None:
    """Nobody else writes meanwhile, and a client may leave as often as it joins."""
    entry = Entry(GROUP, CHANGE, ROWS, "zoe", "c", change=Change(ChangeKind.LEFT))
    batch = Batch((entry,), "", 0, NO_ENTRY)
    with group(lambda _: FOREVER) as database:
        admission = database.do(lambda lent: changes.append(lent, batch, Seen(), 0, 0))
    assert [row.conv for row in admission.rows] == [GROUP]


@pytest.mark.parametrize(
    "ask",
    [
        lambda groups: groups.members(GROUP, 0, 9),
        lambda groups: groups.size(GROUP),
        lambda groups: groups.page(0, 9),
    ],
)
def test_nobody_goes_through_those_who_have_left(
    ask: Callable[[Groups], Coroutine[Any, Any, object]],
) -> None:
    """Whoever can join a group can leave it again, so there may be any number of them."""
    with group(lambda number: FOREVER if number % 1_000 == 999 else 2) as database:
        assert run_synchronously(ask(SqlGroups(database)))
