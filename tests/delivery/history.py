"""What everyone saw, one JSON object in a line, in the order in which it happened.

All of it is written by one event loop, so the order of the lines is the order of the events. Every
event has `t` (seconds since the beginning) and `kind`, and what the tables say. A `key` names a
text, a `crc` is its checksum, and `at` a position in the log.

What people and their clients do and hear:

kind        | facts
user        | user, name
process     | process, user, after: a client that remembers its place, and what it has shown;
            | `after` is the process from whose place it goes on, 0 if from none
login       | process, user, how ("password" or "token")
logout      | process, user: said so by the server
closed      | process, user: by its person
send        | key, sender, process, number, to or group, crc
ack         | key, at: it is in the log
fail        | key, error: not acknowledged, whatever became of it
received    | process, user, at, key ("" of a change)
anew        | process: its positions mean nothing any more
live        | user, ok: whether they have answers and were shown all in the end
presence    | observer, node, online: list of users

What goes over a connection, whether its other end hears it or not:

kind        | facts
comes       | wire, user, version, since: the client logs in, and says that it has all up to there,
            | if it knows
opened      | wire, user, version, since (None where it has none), head, epoch, reset
copy        | wire, key: the client has sent a text, the first time or once more
acked       | wire, at, cid: something that the client wrote is there
pushed      | wire, at (0 in version 1), sender, cid, key, crc (the last two of texts alone)
said        | wire, at: the server says that all up to there was sent on this connection
taken       | wire, at: the client says that all up to there is taken over
marks       | wire, user, got: all that was written to this user alone is with a device of theirs
cut         | wire, whole (true where it is left out): it is gone, on the server's side as well;
            | `whole`: all that the server has sent on it was heard

What becomes of everything:

kind        | facts
fault       | what, target, phase ("begin", "end")
lost        | head: the database has come back without what was above
dump        | same: this is the log now; up to that position it is as in the dump before
log         | at, conv, sender, cid, key, crc (of texts alone), what, whom (of changes alone): an
            | entry of the last `dump`, above its `same`
stored      | user, got, epoch: the mark that the store has
quiet       | nothing moves any more; all faults are over
over        | the last dump is there; what is shown from now on is not in it, and does not count

Each time the whole log is looked at, and there is one `dump` more than databases that came back
without their ends. The last one is taken when it is quiet.
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
    """What a `log` event says of an entry."""
    facts = {"at": entry.at, "conv": entry.conv, "sender": entry.sender_id, "cid": entry.cid}
    if entry.change is not None:
        return facts | {"what": entry.change.what, "whom": entry.change.user_id}
    return facts | {"key": key_of(entry.text), "crc": crc_of(entry.text)}


def note_log(note: Callable[..., None], log: Sequence[Event], noted: Sequence[Event]) -> None:
    """Note what the log is now, as `facts_of` its entries, where it is not what it was when it was
    noted last."""
    pairs = zip(log, noted, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    note("dump", same=log[same - 1]["at"] if same else 0)
    for facts in log[same:]:
        note("log", **facts)


END = "."  # of each text, and nowhere else in it


def key_of(text: str) -> str:
    """What names a message, at the beginning of its text."""
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
