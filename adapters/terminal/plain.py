"""The line client without a full-screen terminal: lines in, lines out. Scripts use this."""

import asyncio
import os
import sys
import termios
from collections.abc import AsyncIterator
from typing import TextIO

from adapters.terminal import tty
from adapters.terminal.render import Line, plain

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
        self._lines = read_lines(source)

    def show(self, line: Line) -> None:
        print(plain(line), file=self._out, flush=True)

    def show_error(self, line: Line) -> None:
        print(plain(line), file=self._err, flush=True)

    def notify(self, line: Line) -> None:
        self.show(line)

    def notify_error(self, line: Line) -> None:
        self.show_error(line)

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
        self._prompt(prompt)
        return await self._next()

    def _prompt(self, text: str) -> None:
        if not self.scripted:
            print(text, end="", file=self._out, flush=True)

    async def _next(self) -> str:
        try:
            return await anext(self._lines)
        except StopAsyncIteration:
            self._prompt("\n")  # so that nothing follows the prompt in its line
            raise EOFError from None


async def read_lines(source: int) -> AsyncIterator[str]:
    """The lines of a file, pipe or terminal, without blocking the event loop."""
    rest = b""
    while data := await _read(source):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield _decode(line)
        rest = rest[:_LONGEST_LINE]
    if rest:
        yield _decode(rest)


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
    return line.removesuffix(b"\r").decode("utf-8", errors="replace")


def standard_screen() -> PlainScreen:
    return PlainScreen(sys.stdin.fileno(), sys.stdout, sys.stderr)
