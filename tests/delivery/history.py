"""What everyone saw, one JSON object per line, in the order in which it happened.

One event loop writes all of it, so the order of the lines is the order of the events. Every event
has `t` (seconds since the beginning), `kind`, and the facts in the tables. A `key` names a text, a
`crc` is its checksum, and `at` is a position in the log.

What people and their clients do and hear:

kind        | facts
user        | user, name
process     | process, user, after: a client that remembers its place and what it has shown;
            | `after` is the process from whose place it goes on, 0 if from none
login       | process, user, how ("password" or "token")
logout      | process, user: it is no longer logged in
closed      | process, user: it has ended, or its connection of version 1 has
send        | key, sender, process, number, to or group, crc
ack         | key, at: it is in the log
fail        | key, error: not acknowledged, whatever became of it
received    | process, user, at, key ("" for a change)
anew        | process: its positions no longer mean anything
live        | user, ok: whether one of their devices was logged in and had all answers in the end
presence    | observer, node, online: list of users

What goes over a connection, whether its other end hears it or not:

kind        | facts
comes       | wire, user, version, since: the client logs in, and says up to where it has
            | everything, if it knows
opened      | wire, user, version, since (None where it has none), head, epoch, reset
copy        | wire, key: the client has sent a text, for the first time or again
acked       | wire, at, cid: something that the client wrote is at that position
pushed      | wire, at (0 in version 1), sender, cid, key, crc (the last two of texts alone)
said        | wire, at: the server says that it has sent everything up to there on this connection
taken       | wire, at: the client says that it has taken over everything up to there
leaves      | wire: the client logs out, or is gone
marks       | wire, user, got: the server says that a device of this user has what the client wrote
            | to them, up to there
cut         | wire, whole (true if left out): the connection is gone, on the server's side as well;
            | `whole`: everything that the server sent on it was heard

What becomes of everything:

kind        | facts
fault       | what, target, phase ("begin", "end")
lost        | head: the database has come back, and everything above is lost
damaged     | why: what is wrong with the database's own tables
dump        | same: this is the log now; up to that position it is as in the dump before
log         | at, conv, sender, cid, key, crc (of texts alone), what, whom (of changes alone): an
            | entry of the last `dump`, above its `same`
stored      | user, got, epoch: the mark that the store has
quiet       | nothing moves any more; all faults are over
over        | the last dump is there; what is shown from now on is not in it, and does not count

Each `dump` covers the whole log: one is taken before each `lost`, and a last one at the end.
"""

import json
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any, TextIO

from chat_domain.entries import Entry

Event = dict[str, Any]


class History:
    """Writes events down. Each line is flushed, so that a run cut short can be judged, too."""

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._began = clock()
        self.counts: dict[str, int] = {}
        self.listener: Callable[[Event], None] = lambda _: None

    @property
    def now(self) -> float:
        return self._clock() - self._began

    def note(self, kind: str, **facts: Any) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        event = {"t": round(self.now, 4), "kind": kind} | facts
        self._file.write(json.dumps(event, separators=(",", ":")) + "\n")
        self.listener(event)


def facts_of(entry: Entry) -> Event:
    """The facts of an entry in its `log` event."""
    facts = {"at": entry.at, "conv": entry.conv, "sender": entry.sender_id, "cid": entry.cid}
    if entry.change is not None:
        return facts | {"what": entry.change.what, "whom": entry.change.user_id}
    return facts | {"key": key_of(entry.text), "crc": crc_of(entry.text)}


def note_log(note: Callable[..., None], log: Sequence[Event], noted: Sequence[Event]) -> None:
    """Note where the log differs from what was last noted. Both are `facts_of` the entries."""
    pairs = zip(log, noted, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    note("dump", same=log[same - 1]["at"] if same else 0)
    for facts in log[same:]:
        note("log", **facts)


END = "."  # the last character of each text, and nowhere else in it


def key_of(text: str) -> str:
    """The name of a message, with which its text begins."""
    return text.partition(" ")[0]


def crc_of(text: str) -> int:
    return zlib.crc32(text.encode())


@contextmanager
def new_history(path: Path) -> Iterator[History]:
    with path.open("w", buffering=1) as file:
        yield History(file)


def read_history(path: Path) -> Iterator[Event]:
    """The events of a file. A last line that was cut off is left out."""
    with path.open() as file:
        yield from (json.loads(line) for line in file if line.endswith("\n"))
