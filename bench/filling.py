"""Puts years of messages into a SQLite file by SQL: ten million of them within a minute.

The server has made the file and its users, and does not run meanwhile.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import attrs

from bench.frames import TEXT
from chat_domain.entries import FOREVER

DAY_MS = 24 * 3600 * 1000


_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
_FILL = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :count)
INSERT INTO Entry (at, conv, kind, senderid, cid, time_ms, body)
SELECT n, conv, 0, CASE WHEN n > :read OR n / :convs % 2 THEN other ELSE one END,
       printf('%013d-%08x', :since + n * :days * 86400000 / :count, n),
       :since + n * :days * 86400000 / :count, :text
FROM number JOIN Talk ON Talk.place = CASE n % 2 WHEN 0 THEN 0 ELSE n / 2 % (:convs - 1) + 1 END
"""


@attrs.frozen
class LogContent:
    """The content of a log. reader: the user who is in all conversations. others: the users that
    these are with; the first has half of all messages. count: how many messages there are, spread
    evenly over the last `days`."""

    reader: int
    others: Sequence[int]
    count: int
    days: int = 100


def pair(one: int, other: int) -> int:
    """The number that the server gives to the conversation of two users."""
    return min(one, other) << 32 | max(one, other)


def fill(path: Path, content: LogContent, unread: int) -> float:
    """Write this past; return the seconds that it took. In each conversation but the first, the
    last `unread` messages are the other user's, and the reader has not read them."""
    began = time.monotonic()
    read = content.count - 2 * (len(content.others) - 1) * unread
    convs = [
        (place, pair(content.reader, other), content.reader, other)
        for place, other in enumerate(content.others)
    ]
    # A power cut is of no concern here. Indexes are made at the end, sorted.
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        execute = database.execute
        execute("PRAGMA journal_mode = OFF")
        execute("PRAGMA synchronous = OFF")
        execute("PRAGMA cache_size = -200000")
        execute("BEGIN")
        indexes = [(name, sql) for name, sql in execute(_INDEXES) if name.startswith("EntryO")]
        for name, _ in indexes:
            execute(f"DROP INDEX {name}")
        execute(
            "CREATE TEMP TABLE Talk"
            " (place INTEGER PRIMARY KEY, conv INTEGER, one INTEGER, other INTEGER)"
        )
        database.executemany("INSERT INTO Talk VALUES (?, ?, ?, ?)", convs)
        execute("DELETE FROM Entry")
        execute(
            _FILL,
            {
                "count": content.count,
                "convs": len(convs),
                "days": content.days,
                "read": read,
                "since": time.time_ns() // 1_000_000 - content.days * DAY_MS,
                "text": TEXT,
            },
        )
        for _, sql in indexes:
            execute(sql)
        execute("UPDATE Log SET head = ?", (content.count,))
        members = [
            (user, conv, FOREVER, content.count if not place else read)
            for place, conv, *two in convs
            for user in two
        ]
        database.executemany(
            "INSERT INTO Member (userid, conv, role, joined, since, `left`, `read`)"
            " VALUES (?, ?, 'normal', 1, 0, ?, ?) ON CONFLICT DO UPDATE SET read = excluded.read",
            members,
        )
        execute("UPDATE User SET got = ?", (content.count,))
        execute("COMMIT")
        execute("PRAGMA journal_mode = WAL")
    return time.monotonic() - began


def oldest(path: Path) -> int:
    """The position below which the log has deleted everything."""
    with closing(sqlite3.connect(path)) as database:
        ((position,),) = database.execute("SELECT oldest FROM LogEnds")
    return int(position)
