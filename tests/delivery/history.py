"""What everyone saw, one JSON object in a line, in the order in which it happened.

All of it is written by one event loop, so the order of the lines is the order of the events. Every
event has `t` (seconds since the beginning) and `kind`, and what the table says:

kind        | facts
user        | user, name
group       | group; its creator is `user`, who never leaves
process     | process, user: a client that remembers what it has shown
login       | process, user, how ("password" or "token")
logout      | process, user: said so by the server
closed      | process, user: by its person
send        | key, sender, process, number, to or group, crc
copy        | key, wire, seq: its client has written it to a connection, the first time or once more
said        | wire, seq: the server has answered a copy, whether the client hears it or not
again       | key: it has refused one for the moment, likewise
cut         | wire: the connection is gone, on the server's side as well
ack         | key, status, refused
fail        | key, error: not acknowledged, whatever became of it
received    | process, user, key, sender, group, crc, mid
join, leave | user, group, phase ("asked", "done", "unsure")
fault       | what, target, phase ("begin", "end")
live        | user, ok: whether messages came straight to them in the end
quiet       | nothing moves any more; all faults are over
presence    | observer, node, online: list of users
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

Event = dict[str, Any]


class History:
    """Writes events down. Each line is flushed, so that a run cut short can be judged, too."""

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._began = clock()
        self.counts: dict[str, int] = {}

    @property
    def now(self) -> float:
        return self._clock() - self._began

    def note(self, kind: str, **facts: Any) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        event = {"t": round(self.now, 4), "kind": kind} | facts
        self._file.write(json.dumps(event, separators=(",", ":")) + "\n")


@contextmanager
def new_history(path: Path) -> Iterator[History]:
    with path.open("w", buffering=1) as file:
        yield History(file)


def read_history(path: Path) -> list[Event]:
    """The events of a file. A last line that was cut off is left out."""
    with path.open() as file:
        return [json.loads(line) for line in file if line.endswith("\n")]
