"""The second yardstick: the relay that logs. `python -m bench.logging_relay FILE DURABILITY`.

It is the bare relay, but writes each message to a log like the server's before it forwards it, and
acknowledges it to a client of version 2. One thread writes everything that waits in one
transaction; nothing that passes between the loop and the thread is made for a single message. It
checks nothing: neither who writes nor whether it has the message already.
"""

import asyncio
import gc
import queue
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
import uvloop

from bench.entries import Entries, Row
from bench.frames import NEWLINE, NUL
from bench.relay import GROUP_CHAT, JOIN, LOGIN, ONE_CHAT, Client, serve, users


class Frame(msgspec.Struct, gc=False):
    msgid: int
    id: int = 0
    toid: int = 0
    groupid: int = 0
    msg: str = ""
    cid: str = ""
    seq: int = 0


class OneChat(msgspec.Struct, gc=False, tag_field="msgid", tag=ONE_CHAT):
    at: int
    cid: str
    id: int
    name: str
    toid: int
    msg: str
    time: int


class GroupChat(msgspec.Struct, gc=False, tag_field="msgid", tag=GROUP_CHAT):
    at: int
    cid: str
    id: int
    name: str
    groupid: int
    msg: str
    time: int


encode = msgspec.json.Encoder().encode


class LoggingRelay(Client):
    decode: ClassVar = msgspec.json.Decoder(Frame).decode

    def __init__(self, log: "Log") -> None:
        self.log, self.end = log, b""

    def data_received(self, data: bytes) -> None:
        if not self.end:  # the first frame tells the client's version
            self.end = NUL if NUL in data else NEWLINE
        for raw in self.split(data):
            frame = self.decode(raw)
            if frame.msgid in {ONE_CHAT, GROUP_CHAT}:
                self.log.add(self, frame, raw)
            elif frame.msgid == JOIN:
                self.join(frame.groupid)
            elif frame.msgid == LOGIN:
                self.id, self.name = frame.id, f"user {frame.id}"
                self.log_in(frame.id)

    def written(self, frame: Frame, raw: bytes, row: Row) -> None:
        """Forward a message that is in the log."""
        if self.end is NEWLINE:
            at, _, _, cid, time_ms, text = row
            kind = OneChat if frame.toid else GroupChat
            to = frame.toid or frame.groupid
            raw = encode(kind(at, cid, self.id, self.name, to, text, time_ms))
            self.write(b'{"msgid":1010,"seq":%d,"at":%d,"time":%d}\n' % (frame.seq, at, time_ms))
        if frame.toid:
            users[frame.toid].write(raw + self.end)
        else:
            self.tell_group(frame.groupid, raw + self.end)


Draft = tuple[LoggingRelay, Frame, bytes]


class Log:
    """One batch is written at a time; what arrives meanwhile is the next one."""

    def __init__(self, path: Path, durability: str) -> None:
        self._path, self._durability = path, durability
        self._loop = asyncio.get_running_loop()
        self._head = 0
        self._waiting: list[Draft] = []
        self._busy = False
        self._jobs: queue.SimpleQueue[tuple[Sequence[Draft], Sequence[Row]]] = queue.SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    def add(self, sender: LoggingRelay, frame: Frame, raw: bytes) -> None:
        self._waiting.append((sender, frame, raw))
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        batch, self._waiting = self._waiting, []
        self._busy = bool(batch)
        if batch:
            now, at = time.time_ns() // 1_000_000, self._head
            self._head += len(batch)
            rows = [
                _row(at, sender.id, frame, now)
                for at, (sender, frame, _) in enumerate(batch, at + 1)
            ]
            self._jobs.put((batch, rows))

    def _write(self) -> None:
        entries = Entries(self._path, self._durability)
        while True:
            batch, rows = self._jobs.get()
            entries.append(rows)
            self._loop.call_soon_threadsafe(self._written, batch, rows)

    def _written(self, batch: Sequence[Draft], rows: Sequence[Row]) -> None:
        self._go_on()
        for (sender, frame, raw), row in zip(batch, rows, strict=True):
            sender.written(frame, raw, row)


def _row(at: int, sender_id: int, frame: Frame, now_ms: int) -> Row:
    cid = frame.cid or f"{now_ms:013}-{at:x}"  # version 1 has none
    to = frame.toid
    if not to:
        conv = frame.groupid
    else:
        conv = sender_id << 32 | to if sender_id < to else to << 32 | sender_id
    return at, conv, sender_id, cid, now_ms, frame.msg


async def main(path: Path, durability: str) -> None:
    gc.set_threshold(20_000, 20, 50)  # as the server does
    log = Log(path, durability)
    await serve(lambda: LoggingRelay(log))


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2]))
