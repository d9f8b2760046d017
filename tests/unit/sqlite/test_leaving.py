"""What it costs to leave a group."""

import sqlite3
from contextlib import closing
from pathlib import Path

import adapters.sqlite
from adapters.runtime.synchronous import run_synchronously
from adapters.sql import changes
from adapters.sql.admission import Seen
from adapters.sqlite.database import SqliteConnection
from chat_domain.entries import CHANGE, FOREVER, NO_ENTRY, Batch, Change, ChangeKind, Entry

MEMBERS = 5_000
STEP = 100  # of SQLite's instructions
SCHEMA = Path(adapters.sqlite.__file__).with_name("schema.sql")


def test_who_leaves_a_large_group_has_nobody_look_at_all_of_it() -> None:
    """Nobody else writes meanwhile, and a client may leave as often as it joins."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    entry = Entry(1, CHANGE, MEMBERS, "zoe", "c", change=Change(ChangeKind.LEFT))
    batch = Batch((entry,), "", 0, NO_ENTRY)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.executescript(SCHEMA.read_text("utf-8"))
        database.execute(
            "INSERT INTO AllGroup (groupname, namekey, skeleton, keyskeleton, groupdesc)"
            " VALUES ('a', 'a', 'a', 'a', '')"
        )
        database.executemany(
            "INSERT INTO Member (userid, conv, role, joined, since, `left`)"
            " VALUES (?, 1, ?, 1, 0, ?)",
            [(n + 1, "normal" if n else "creator", FOREVER) for n in range(MEMBERS)],
        )
        database.set_progress_handler(count, STEP)
        lent = SqliteConnection(database)
        admission = run_synchronously(changes.append(lent, batch, Seen(), 0, 0))
    assert [row.conv for row in admission.rows] == [1]
    assert steps * STEP < MEMBERS
