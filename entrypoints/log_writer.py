"""Writing the log's lines to standard error, which may be read slowly, or never."""

import os
import select
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import TextIO

import structlog

log = structlog.get_logger()

MOST_WAITING = 4 * 1024 * 1024  # bytes
LAST_WITHIN = 2.0  # seconds


class LogWriter:
    """Writes lines to a stream.

    Rules:
    1. A write holds whole lines, and no more than a pipe takes atomically unless a line is longer:
       the lines of several workers do not mix.
    2. A line that cannot be written is lost, since the disk is full or nobody reads it any more:
       people go on chatting without a log.
    3. Within `in_background`, a thread does the writing, and nobody who logs is blocked. At most
       MOST_WAITING bytes wait for it; further lines are lost, and when there is room again, a line
       says how many.
    4. At the end of `in_background`, waiting lines have LAST_WITHIN seconds, so that the process
       can end.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._condition = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._lost = 0
        self._in_background = self._ending = False

    def msg(self, message: str) -> None:
        """Write a line. (structlog calls this on its loggers.)"""
        with self._condition:
            if self._in_background:
                self._put(f"{message}\n".encode(errors="backslashreplace"))
                return
            with suppress(OSError):
                self._stream.write(f"{message}\n")
                self._stream.flush()

    debug = info = warning = error = msg

    @contextmanager
    def in_background(self) -> Iterator[None]:
        """Write on a thread of this process, which must not be forked meanwhile."""
        thread = threading.Thread(target=copy_context().run, args=(self._write_all,), daemon=True)
        self._in_background = True
        thread.start()
        try:
            yield
        finally:
            with self._condition:
                self._ending = True
                self._condition.notify()
            thread.join(LAST_WITHIN)
            self._in_background = thread.is_alive()

    def _put(self, line: bytes) -> None:
        if self._bytes + len(line) > MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(line)
        self._bytes += len(line)
        self._condition.notify()

    def _write_all(self) -> None:
        number = self._stream.fileno()
        while piece := self._next():
            with suppress(OSError):
                while piece:
                    piece = piece[os.write(number, piece) :]

    def _next(self) -> bytes:
        """The next lines to write at once; empty at the end."""
        with self._condition:
            while not (self._waiting or self._lost or self._ending):
                self._condition.wait()
            if self._lost and not self._waiting:
                self._log_lost()
            waiting, piece = self._waiting, b""
            while waiting and (not piece or len(piece) + len(waiting[0]) <= select.PIPE_BUF):
                piece += waiting.popleft()
            self._bytes -= len(piece)
            return piece

    def _log_lost(self) -> None:
        lost, self._lost = self._lost, 0
        log.error("nobody has read the log in time: lines are lost", lines=lost)
