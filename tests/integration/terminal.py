"""A line client in a pseudo-terminal: a test types, and reads what a user would see."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import pexpect
import pyte

from tests.integration.server_process import ROOT

ROWS, COLUMNS = 120, 100
SEEN_WITHIN = 60.0  # seconds; only a failing test ever waits so long


class Terminal:
    """A running client. As a context manager, it always ends it."""

    def __init__(
        self,
        *arguments: str,
        columns: int = COLUMNS,
        rows: int = ROWS,
        term: str = "xterm-256color",
    ) -> None:
        self._screen = _AnsweringScreen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "entrypoints.cli_client", *arguments],
            cwd=str(ROOT),
            dimensions=(rows, columns),
            env={"TERM": term, "LANG": "C.UTF-8", "TZ": "UTC"},
        )
        os.set_blocking(self._child.child_fd, False)
        self._screen.answer = self.press
        self._unsent = b""
        self.raw = b""

    @property
    def lines(self) -> list[str]:
        """What is on the screen beside the list of conversations, without empty lines."""
        beside = (line.rpartition("│")[2].rstrip() for line in self._screen.display)
        return [line for line in beside if line]

    @property
    def status(self) -> int:
        """Its exit status, once it has ended by itself."""
        self._until(lambda: not self._child.isalive(), "the end")
        assert self._child.exitstatus is not None, self._child.signalstatus
        return int(self._child.exitstatus)

    @property
    def picture(self) -> list[str]:
        """The screen as it is, row by row."""
        return list(self._screen.display)

    def columns_of(self, character: str, row: int) -> list[int]:
        """The columns that have this character in that row; wide characters take two."""
        cells = self._screen.buffer[row]
        return [at for at in range(self._screen.columns) if cells[at].data == character]

    def style(self, row: int, column: int) -> Any:
        """What pyte knows about one character of the screen."""
        return self._screen.buffer[row][column]

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal's window another size."""
        self._screen.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def type(self, line: str) -> None:
        self.press(line + "\r")

    def press(self, keys: str) -> None:
        self._unsent += keys.encode()
        self._send()

    def until(self, text: str) -> None:
        """Wait until this text is on the screen."""
        self._until(lambda: any(text in line for line in self.lines), text)

    def until_last(self, text: str) -> None:
        """Wait until this is the last line, the one being typed."""
        self._until(lambda: self.lines[-1:] == [text], text)

    def until_true(self, there: Callable[[], bool], what: str) -> None:
        """Wait until this is true. what: its name in the error if it never is."""
        self._until(there, what)

    def register(self, name: str, password: str) -> None:
        """Register, which also logs in."""
        answers = (("choice:", "2"), ("name:", name), ("password:", password), ("again:", password))
        for question, answer in answers:
            self.until_last(question)
            self.type(answer)
        self.until_last(f"{name}>")

    def log_in(self, name: str, password: str) -> None:
        for question, answer in (("choice:", "1"), ("id or name:", name), ("password:", password)):
            self.until_last(question)
            self.type(answer)
        self.until_last(f"{name}>")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.write("\n".join(["--- screen", *self.lines, ""]))  # shown if the test fails
        self._child.close(force=True)

    def _until(self, there: Callable[[], bool], what: str) -> None:
        patient_until = time.monotonic() + SEEN_WITHIN
        while not there():
            assert time.monotonic() < patient_until, f"{what!r} never came"
            self.read()

    def _send(self) -> None:
        """Send as much as there is room for; the rest goes at the next read, as in a real terminal.

        A program that writes much does not read meanwhile, and would deadlock with us.
        """
        with suppress(OSError):  # no room now, or the program has ended
            self._unsent = self._unsent[os.write(self._child.child_fd, self._unsent) :]

    def read(self) -> None:
        """Take in what the program writes, if anything comes soon."""
        self._send()
        try:
            data = self._child.read_nonblocking(65_536, timeout=0.1)
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            self._child.wait()
            return
        self.raw += data
        self._stream.feed(data)


class _AnsweringScreen(pyte.Screen):
    """A screen that answers a program that asks where the cursor is."""

    answer: Callable[[str], None]

    @property
    def display(self) -> list[str]:
        """The same as pyte's own, which looks up the width of each cell and takes ten times as
        long. After a wide character comes an empty cell."""
        columns = range(self.columns)
        rows = (self.buffer[row] for row in range(self.lines))
        return ["".join([row[column].data for column in columns]) for row in rows]

    def write_process_input(self, data: str) -> None:
        self.answer(data)
