"""What it costs to leave a large group, and to look at one that many have left."""

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

import adapters.sqlite
from adapters.runtime.synchronous import run_synchronously
from adapters.sql import changes
from adapters.sql.admission import Seen
from adapters.sql.database import Work
from adapters.sql.groups import SqlGroups
from adapters.sqlite.database import SqliteConnection
from chat_domain.entries import CHANGE, FOREVER, NO_ENTRY, Batch, Change, ChangeKind, Entry
from chat_domain.ports.store import Groups

T = TypeVar("T")

GROUP = 1
ROWS = 5_000  # of Member
STEP = 100  # of SQLite's instructions
SCHEMA = Path(adapters.sqlite.__file__).with_name("schema.sql")


class OneConnection:
    """A database whose work is done at once."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    def read(self, work: Work[T]) -> Awaitable[T]:
        return work(self._connection)

    def write(self, work: Work[T], *, repeatable: bool = False) -> Awaitable[T]:
        raise NotImplementedError(repeatable)


@contextmanager
def group(left: Callable[[int], int]) -> Iterator[SqliteConnection]:
    """A group in which everybody was once, each until `left` of their number. Fails if what is done
    with it takes as many instructions as it has rows."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.executescript(SCHEMA.read_text("utf-8"))
        database.execute(
            "INSERT INTO AllGroup (groupname, namekey, skeleton, keyskeleton, groupdesc)"
            " VALUES ('a', 'a', 'a', 'a', '')"
        )
        database.executemany(
            "INSERT INTO Member (userid, conv, role, joined, since, `left`)"
            " VALUES (?, 1, ?, 1, 0, ?)",
            [(n + 1, "normal" if n else "creator", left(n)) for n in range(ROWS)],
        )
        database.executemany(
            "INSERT INTO User (name, namekey, skeleton, keyskeleton, password)"
            " VALUES (?1, ?1, ?1, ?1, '')",
            [(f"user {n}",) for n in range(ROWS)],
        )
        database.set_progress_handler(count, STEP)
        yield SqliteConnection(database)
    assert steps * STEP < ROWS


def test_who_leaves_a_large_group_has_nobody_look_at_all_of_it() -> None:
    """Nobody else writes meanwhile, and a client may leave as often as it joins."""
    entry = Entry(GROUP, CHANGE, ROWS, "zoe", "c", change=Change(ChangeKind.LEFT))
    batch = Batch((entry,), "", 0, NO_ENTRY)
    with group(lambda _: FOREVER) as lent:
        admission = run_synchronously(changes.append(lent, batch, Seen(), 0, 0))
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
    with group(lambda number: FOREVER if number % 1_000 == 999 else 2) as lent:
        assert run_synchronously(ask(SqlGroups(OneConnection(lent))))
