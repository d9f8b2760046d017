"""What a client keeps in a file: its user, their position, what came, and what is not sent yet.

It is an SQLite file for one user, and one program at a time. What is committed here before the
server is told that it was taken is neither sent again nor lost: a killed program finds it here,
with the entries it was not done with.

The file has the entries as they were given to the application, with each Reset in its place. Those
that the application is not done with are `open`; of the others, the newest `kept` stay.
"""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import attrs
import msgspec

from adapters.client.errors import StoreError
from adapters.client.events import Changed, Message, Reset
from adapters.client.outbox import Chat
from adapters.client.position import Position
from adapters.client.where import InGroup, Where
from adapters.wire.requests import GroupChat, OneChat

T = TypeVar("T")
Entry = Message | Changed
Given = Entry | Reset

VERSION = 1
_APPLICATION_ID = 0x63684C31  # SQLite's application_id of our files; "chL1"
_PRUNED_EVERY = 1_000  # entries
_RECENT_CIDS = 10_000  # entries whose copies are recognized
_MESSAGE, _CHANGE, _RESET = 0, 1, 2
_WAIT = 0.2  # seconds to wait for a program that is about to end

_SCHEMA = f"""
CREATE TABLE Owner (
    user_id INTEGER NOT NULL, name TEXT NOT NULL, token TEXT NOT NULL, since INTEGER,
    epoch TEXT NOT NULL
) STRICT;
CREATE TABLE Entry (
    number INTEGER PRIMARY KEY, epoch TEXT NOT NULL, at INTEGER NOT NULL, conv INTEGER NOT NULL,
    kind INTEGER NOT NULL, sender_id INTEGER NOT NULL, cid TEXT NOT NULL, event TEXT NOT NULL,
    open INTEGER NOT NULL
) STRICT;
CREATE INDEX EntryOpen ON Entry (number) WHERE open;
CREATE INDEX EntryConv ON Entry (conv, at);
CREATE TABLE Unsent (
    number INTEGER PRIMARY KEY, cid TEXT NOT NULL UNIQUE, chat TEXT NOT NULL
) STRICT;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""


@attrs.frozen
class Owner:
    """The file's user, and their last login. token: empty if there is no valid one."""

    user_id: int
    name: str
    token: str = attrs.field(repr=False)
    position: Position | None


@attrs.frozen
class Numbered:
    """An entry and its number in the file."""

    number: int
    epoch: str
    entry: Given


class Store:
    """All methods raise StoreError. Reads and writes share one thread; `commit` commits writes."""

    def __init__(self, path: str | Path, kept: int) -> None:
        self._path = path
        self._kept = kept
        self._database = _opened(path)
        try:
            self._begin()
        except StoreError:
            self._database.close()
            raise

    def close(self) -> None:
        self._database.close()

    # What is there.

    def owner(self) -> Owner | None:
        rows = self._rows("SELECT user_id, name, token, since, epoch FROM Owner")
        for user_id, name, token, since, epoch in rows:
            return Owner(user_id, name, token, None if since is None else Position(since, epoch))
        return None

    def last_number(self) -> int:
        ((number,),) = self._rows("SELECT coalesce(max(number), 0) FROM Entry")
        return int(number)

    def unfinished(self) -> list[Numbered]:
        """The entries that the application is not done with, in order."""
        rows = self._rows("SELECT number, epoch, kind, event FROM Entry WHERE open ORDER BY number")
        return [Numbered(number, epoch, _entry(kind, said)) for number, epoch, kind, said in rows]

    def recent_cids(self) -> list[tuple[int, str]]:
        """The senders and cids of the last entries, the oldest first."""
        last = "SELECT number, sender_id, cid FROM Entry ORDER BY number DESC LIMIT ?"
        rows = self._rows(f"SELECT * FROM ({last}) ORDER BY number", _RECENT_CIDS)  # noqa: S608
        return [(sender_id, cid) for _, sender_id, cid in rows if cid]  # a Reset has none

    def unsent(self) -> list[tuple[str, Chat]]:
        rows = self._rows("SELECT cid, chat FROM Unsent ORDER BY number")
        return [(cid, _chat(chat)) for cid, chat in rows]

    def kept(self, where: Where, before: int, limit: int) -> list[Entry]:
        """The last entries of a conversation below a position of the present epoch, ascending."""
        rows = self._rows(
            "SELECT kind, event FROM Entry WHERE conv = ? AND at < ?"
            " AND epoch = (SELECT epoch FROM Owner) ORDER BY at DESC LIMIT ?",
            _conv(where), before, limit,
        )  # fmt: skip
        return [_entry(kind, event) for kind, event in reversed(list(rows))]

    # What is to be written.

    def set_owner(self, owner: Owner) -> None:
        """Replace the file's user, with their login and position."""
        self._execute("DELETE FROM Owner")
        at = owner.position
        since, epoch = (None, "") if at is None else (at.since, at.epoch)
        self._execute(
            "INSERT INTO Owner VALUES (?, ?, ?, ?, ?)",
            owner.user_id, owner.name, owner.token, since, epoch,
        )  # fmt: skip

    def set_position(self, position: Position) -> None:
        """The user has come up to this position."""
        self._execute("UPDATE Owner SET since = ?, epoch = ?", position.since, position.epoch)

    def add(self, one: Numbered, *, unfinished: bool) -> None:
        entry = one.entry
        if isinstance(entry, Reset):
            kind, at, conv, sender_id, cid = _RESET, entry.position.since, 0, 0, ""
        else:
            kind = _MESSAGE if isinstance(entry, Message) else _CHANGE
            at, conv, sender_id, cid = entry.at, _conv(entry.where), entry.sender_id, entry.cid
        self._execute(
            "INSERT INTO Entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            one.number, one.epoch, at, conv, kind, sender_id, cid,
            msgspec.json.encode(entry).decode(), unfinished,
        )  # fmt: skip
        if one.number % _PRUNED_EVERY == 0:
            oldest = one.number - self._kept
            self._execute("DELETE FROM Entry WHERE number <= ? AND NOT open", oldest)

    def finish(self, number: int) -> None:
        """The application is done with everything up to this number."""
        self._execute("UPDATE Entry SET open = 0 WHERE open AND number <= ?", number)

    def post(self, cid: str, chat: Chat) -> None:
        chat_text = msgspec.json.encode(chat).decode()
        self._execute("INSERT OR IGNORE INTO Unsent (cid, chat) VALUES (?, ?)", cid, chat_text)

    def settle(self, cid: str) -> None:
        self._execute("DELETE FROM Unsent WHERE cid = ?", cid)

    def begin(self) -> None:
        self._execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._execute("COMMIT")

    # Inside.

    def _begin(self) -> None:
        """Check what the file is before writing anything to it."""
        ((ours,),) = self._rows("PRAGMA application_id")
        ((version,),) = self._rows("PRAGMA user_version")
        ((tables,),) = self._rows("SELECT count(*) FROM sqlite_schema")
        if ours != _APPLICATION_ID and (ours or version or tables):
            raise StoreError(f"{self._path} is not a database of this client")
        if version > VERSION:
            raise StoreError(
                f"{self._path} was written by a later version of the client: {version},"
                f" and this one supports {VERSION}"
            )
        for (verdict,) in self._rows("PRAGMA quick_check(1)"):
            if verdict != "ok":
                raise StoreError(f"{self._path} is damaged: {verdict}")
        # We hold the lock while the file is open.
        for setting in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
            self._execute(f"PRAGMA {setting}")
        self.begin()
        for statement in _SCHEMA.split(";") if not tables else ():
            self._execute(statement)
        self._execute(f"PRAGMA user_version = {VERSION}")
        self.commit()

    def _rows(self, statement: str, *values: object) -> Iterator[Any]:
        try:
            return iter(self._database.execute(statement, values).fetchall())
        except OverflowError as exc:
            raise StoreError(f"{self._path}: a number is too large to be kept") from exc
        except sqlite3.Error as exc:
            raise StoreError(f"{self._path}: {_reason(exc)}") from exc

    def _execute(self, statement: str, *values: object) -> None:
        self._rows(statement, *values)


def _opened(path: str | Path) -> sqlite3.Connection:
    """Open the file. It holds a token and messages, so a new one is readable by its owner only."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        return sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    except OSError as exc:
        raise StoreError(f"{path} cannot be written: {exc.strerror}") from exc
    except sqlite3.Error as exc:
        raise StoreError(f"{path}: {_reason(exc)}") from exc


def _conv(where: Where) -> int:
    """A number for each conversation: groups are positive, users negative."""
    return where.group_id if isinstance(where, InGroup) else -where.user_id


def _entry(kind: int, event: str) -> Any:
    return _read(event, {_MESSAGE: Message, _CHANGE: Changed}.get(kind, Reset))


def _chat(chat: str) -> Chat:
    return _read(chat, OneChat | GroupChat)  # type: ignore[arg-type]


def _read(text: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as exc:
        raise StoreError(f"the store has invalid data: {exc}") from exc


def _reason(exc: sqlite3.Error) -> str:
    if exc.sqlite_errorname == "SQLITE_BUSY":
        return "another program uses it"
    if exc.sqlite_errorname.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"it is damaged or not a database: {exc}"
    return str(exc)
