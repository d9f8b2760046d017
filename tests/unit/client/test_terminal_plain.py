"""Reading and writing lines without a terminal."""

import asyncio
import io
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from adapters.terminal.plain import PROMPT_AFTER, LineReader, PlainScreen


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: the side that a person types on, and the side that a program reads."""
    ours, theirs = os.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    source, sink = os.pipe()
    try:
        yield source, sink
    finally:
        os.close(source)


async def rest_of(lines: LineReader) -> list[str]:
    """The lines up to the end of input."""
    rest = []
    with suppress(EOFError):
        while True:
            rest.append(await lines.next())
    return rest


async def test_lines_are_read_as_they_come() -> None:
    """The writer may have cut them anywhere, and the last one needs no newline."""
    with pipe() as (source, sink):
        lines = LineReader(source)
        os.write(sink, b"one\ntw")
        assert await lines.next() == "one"
        os.write(sink, b"o\r\nthr\xffee")
        assert await lines.next() == "two"
        os.close(sink)
        assert await rest_of(lines) == ["thr\ufffdee"]


async def test_a_read_that_is_cancelled_loses_nothing() -> None:
    """The next one goes on where it was."""
    with pipe() as (source, sink):
        lines = LineReader(source)
        os.write(sink, b"one\ntw")
        assert await lines.next() == "one"
        reading = asyncio.create_task(lines.next())
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        os.write(sink, b"o\n")
        os.close(sink)
        assert await rest_of(lines) == ["two"]


async def test_the_byte_order_mark_of_a_script_is_no_part_of_its_first_line() -> None:
    """Some editors put it at the beginning of a file."""
    with pipe() as (source, sink):
        os.write(sink, b"\xef\xbb\xbf1\n13\n")
        os.close(sink)
        assert await rest_of(LineReader(source)) == ["1", "13"]


async def test_a_regular_file_is_read_too(tmp_path: Path) -> None:
    """It cannot be polled, and some event loops refuse to try."""
    path = tmp_path / "script"
    path.write_text("1\n13\nsecret\n", encoding="utf-8")
    with path.open() as file:
        assert await rest_of(LineReader(file.fileno())) == ["1", "13", "secret"]


async def test_a_script_sees_no_prompts() -> None:
    """Results go to standard output, complaints to standard error."""
    out, err = io.StringIO(), io.StringIO()
    with pipe() as (source, sink):
        screen = PlainScreen(source, out, err)
        os.write(sink, b"13\n")
        os.close(sink)
        assert screen.scripted
        assert await screen.ask("id: ") == "13"
        with pytest.raises(EOFError):
            await screen.command("> ")
        screen.show([("class:title", "hello "), ("", "there")])
        screen.show_error([("class:error", "error: no")])
    assert (out.getvalue(), err.getvalue()) == ("hello there\n", "error: no\n")


def echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


async def test_the_end_of_input_ends_the_line_of_the_prompt() -> None:
    """What the shell writes next begins a line of its own."""
    with terminal() as (ours, theirs):
        out = io.StringIO()
        screen = PlainScreen(theirs, out, io.StringIO())
        os.write(ours, b"\x04")  # Ctrl-D
        with pytest.raises(EOFError):
            await asyncio.wait_for(screen.command("zhang> "), 30)
        assert out.getvalue() == "zhang> \n"


async def test_what_comes_while_one_types_begins_a_line_of_its_own() -> None:
    """So does what follows it at once; then the prompt stands there again."""
    with terminal() as (ours, theirs):
        out = io.StringIO()
        screen = PlainScreen(theirs, out, out)
        typing = asyncio.create_task(screen.command("zhang> "))
        await asyncio.sleep(0)
        screen.show([("", "li: hello")])
        screen.show_error([("", "error: no")])
        await asyncio.sleep(2 * PROMPT_AFTER)
        os.write(ours, b"one\n")
        assert await asyncio.wait_for(typing, 30) == "one"
        screen.show([("", "li: two")])
        assert out.getvalue() == "zhang> \nli: hello\nerror: no\nzhang> li: two\n"


async def test_what_waits_on_a_terminal_can_be_dropped() -> None:
    """This also drops a line that is not finished, which counts as none."""
    with terminal() as (ours, theirs):
        screen = PlainScreen(theirs, io.StringIO(), io.StringIO())
        os.write(ours, b"one\ntwo\nthree\nhalf")
        assert await asyncio.wait_for(screen.command("> "), 30) == "one"
        assert screen.discard_typed() == 2
        os.write(ours, b"four\n")
        assert await asyncio.wait_for(screen.command("> "), 30) == "four"
        assert screen.discard_typed() == 0


async def test_a_terminal_does_not_show_passwords() -> None:
    """Afterwards it shows everything else again."""
    with terminal() as (ours, theirs):
        screen = PlainScreen(theirs, io.StringIO(), io.StringIO())
        assert not screen.scripted
        os.write(ours, b"name\n")
        assert await screen.ask("name: ") == "name"
        assert echoes(theirs)
        asking = asyncio.create_task(screen.ask("password: ", hidden=True))
        await asyncio.sleep(0)
        assert not echoes(theirs)
        os.write(ours, b"secret\n")
        assert await asyncio.wait_for(asking, 30) == "secret"
        assert echoes(theirs)
