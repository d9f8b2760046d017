"""Lines of the log on their way to standard error, which somebody may read slowly, or never."""

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


class Lines:
    """Writes lines to a stream.

    Rules:
    1. Each is written at once, or as many of them as a pipe takes in one piece: those of several
       workers do not mix.
    2. One that finds no place is lost, since its disk is full or nobody reads it any more: people
       go on chatting without a log.
    3. Within `behind` a thread writes, and who logs waits for nobody. MOST_WAITING bytes wait for
       it; what comes beyond that is lost, and once there is room again a line says how much.
    4. At the end of `behind` what waits has LAST_WITHIN seconds, so that a process can end.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._some = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._lost = 0
        self._behind = self._over = False

    def msg(self, message: str) -> None:
        """What structlog asks of a logger."""
        with self._some:
            if self._behind:
                self._put(f"{message}\n".encode(errors="backslashreplace"))
                return
            with suppress(OSError):
                self._stream.write(f"{message}\n")
                self._stream.flush()

    debug = info = warning = error = msg

    @contextmanager
    def behind(self) -> Iterator[None]:
        """Write by a thread of this process; none may be forked meanwhile."""
        thread = threading.Thread(target=copy_context().run, args=(self._write_all,), daemon=True)
        self._behind = True
        thread.start()
        try:
            yield
        finally:
            with self._some:
                self._over = True
                self._some.notify()
            thread.join(LAST_WITHIN)
            self._behind = thread.is_alive()

    def _put(self, line: bytes) -> None:
        if self._bytes + len(line) > MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(line)
        self._bytes += len(line)
        self._some.notify()

    def _write_all(self) -> None:
        number = self._stream.fileno()
        while piece := self._next():
            with suppress(OSError):
                while piece:
                    piece = piece[os.write(number, piece) :]

    def _next(self) -> bytes:
        """Lines that are written at once; nothing at the end."""
        with self._some:
            while not (self._waiting or self._lost or self._over):
                self._some.wait()
            if self._lost and not self._waiting:
                self._tell_of_lost()
            waiting, piece = self._waiting, b""
            while waiting and (not piece or len(piece) + len(waiting[0]) <= select.PIPE_BUF):
                piece += waiting.popleft()
            self._bytes -= len(piece)
            return piece

    def _tell_of_lost(self) -> None:
        lost, self._lost = self._lost, 0
        log.error("nobody has read the log in time: lines are lost", lines=lost)
