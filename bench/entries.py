"""The table of messages as a yardstick keeps it: only what a log cannot do without."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

Row = tuple[int, int, int, str, int, str]  # at, conv, senderid, cid, time_ms, body

SYNCHRONOUS = {"disk": "FULL", "process": "NORMAL"}  # by --durability

_TABLES = """
CREATE TABLE Log (head INTEGER NOT NULL);
INSERT INTO Log VALUES (0);
CREATE TABLE Entry (
    at       INTEGER PRIMARY KEY,
    conv     INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    senderid INTEGER NOT NULL,
    cid      TEXT    NOT NULL,
    time_ms  INTEGER NOT NULL,
    edited   INTEGER NOT NULL DEFAULT 0,
    re       INTEGER NOT NULL DEFAULT 0,
    body     TEXT    NOT NULL
);
CREATE INDEX EntryOf ON Entry (conv, at, kind, senderid);
CREATE UNIQUE INDEX EntryOnce ON Entry (cid, senderid);
"""
_INSERT = (
    "INSERT INTO Entry (at, conv, kind, senderid, cid, time_ms, body) VALUES (?, ?, 0, ?, ?, ?, ?)"
)


class Entries:
    """A new file, to be used in the thread that makes it. head: the last position."""

    def __init__(self, path: Path, durability: str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._execute = self._database.execute
        self._execute("PRAGMA journal_mode = WAL")
        self._execute(f"PRAGMA synchronous = {SYNCHRONOUS[durability]}")
        self._execute("PRAGMA wal_autocheckpoint = 4000")  # as in the server
        self._database.executescript(_TABLES)
        self.head = 0

    def append(self, rows: Sequence[Row]) -> None:
        """Write these rows in one transaction; their positions ascend."""
        self._execute("BEGIN IMMEDIATE")
        self._database.executemany(_INSERT, rows)
        self.head = rows[-1][0]
        self._execute("UPDATE Log SET head = ?", (self.head,))
        self._execute("COMMIT")

    def close(self) -> None:
        self._database.close()
