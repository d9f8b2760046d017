"""The line client without a full-screen terminal: lines in, lines out. Scripts use this."""

import asyncio
import os
import select
import sys
import termios
from collections import deque
from typing import TextIO

from adapters.terminal import tty
from adapters.terminal.render import Line, plain

PROMPT_AFTER = 0.1  # seconds since the last line after which there is a prompt again
_CHUNK = 65_536
_LONGEST_LINE = 65_536  # bytes, more than any command; longer lines are cut


class PlainScreen:
    """Reads lines only as they are needed, in chunks of _CHUNK bytes at most."""

    def __init__(self, source: int, out: TextIO, err: TextIO) -> None:
        self.scripted = not os.isatty(source)
        self.whole = False
        self._source = source
        self._out = out
        self._err = err
        self._lines = LineReader(source)
        self._asked = ""  # the prompt of the line that is being waited for
        self._prompting = False  # whether it stands in the terminal's last line
        self._again: asyncio.TimerHandle | None = None

    def show(self, line: Line) -> None:
        self._show(line, self._out)

    def show_error(self, line: Line) -> None:
        self._show(line, self._err)

    notify, notify_error = show, show_error

    def echo(self, line: str) -> None:
        """Do nothing: the user sees what they typed."""

    async def ask(self, question: str, *, hidden: bool = False) -> str:
        if not hidden or self.scripted:
            return await self.command(question)
        with tty.without(termios.ECHO, self._source):
            answer = await self.command(question)
        self._prompt("\n")
        return answer

    async def command(self, prompt: str) -> str:
        self._asked = prompt
        self._begin_prompt()
        try:
            return await self._lines.next()
        except EOFError:
            self._end_prompt()
            raise
        finally:
            self._asked, self._prompting = "", False
            self._cancel_again()

    def discard_typed(self) -> int:
        return self._lines.discard()

    def _prompt(self, text: str) -> None:
        if not self.scripted:
            print(text, end="", file=self._out, flush=True)

    def _show(self, line: Line, file: TextIO) -> None:
        self._end_prompt()
        print(plain(line), file=file, flush=True)
        if self._asked and not self.scripted:
            self._cancel_again()
            loop = asyncio.get_running_loop()
            self._again = loop.call_later(PROMPT_AFTER, self._begin_prompt)

    def _begin_prompt(self) -> None:
        self._prompt(self._asked)
        self._prompting = True

    def _cancel_again(self) -> None:
        if self._again is not None:
            self._again.cancel()

    def _end_prompt(self) -> None:
        """Let nothing follow the prompt, and what is typed there, in their line."""
        if self._prompting:
            self._prompt("\n")
        self._prompting = False


class LineReader:
    """Reads the lines of a file, pipe or terminal, without blocking the event loop. If a read is
    cancelled, nothing is lost."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._lines: deque[bytes] = deque()
        self._rest = b""

    async def next(self) -> str:
        """The next line. Raises EOFError if there is none."""
        while not self._lines:
            data = await _read(self._source)
            if not data and not self._rest:
                raise EOFError
            self._take(data or b"\n")
        return _decode(self._lines.popleft())

    def discard(self) -> int:
        """Drop all that was typed on a terminal so far. Returns how many lines that were."""
        while _is_readable(self._source) and (data := os.read(self._source, _CHUNK)):
            self._take(data)
        termios.tcflush(self._source, termios.TCIFLUSH)  # a line that is not finished
        count = len(self._lines)
        self._lines.clear()
        self._rest = b""
        return count

    def _take(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._lines.extend(lines)
        self._rest = rest[:_LONGEST_LINE]


def _is_readable(source: int) -> bool:
    return bool(select.select([source], [], [], 0)[0])


async def _read(source: int) -> bytes:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    try:
        loop.add_reader(source, readable.set)
    except PermissionError:  # a regular file, which is always readable
        return os.read(source, _CHUNK)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(source)
    return os.read(source, _CHUNK)


def _decode(line: bytes) -> str:
    """The line as text, without the byte order mark with which a file may begin."""
    return line.removesuffix(b"\r").decode("utf-8-sig", errors="replace")


def standard_screen() -> PlainScreen:
    return PlainScreen(sys.stdin.fileno(), sys.stdout, sys.stderr)
