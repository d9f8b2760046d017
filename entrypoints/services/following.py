"""Showing the logs of several processes, each line with the name of its process."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, TextIO

import attrs

from adapters.terminal.clean import clean
from entrypoints.services.program import Program

_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


@attrs.define
class LogTail:
    """Reads from a log what was added since the last time."""

    program: Program
    _seen: int = attrs.field(init=False)  # bytes
    _unfinished: bytes = attrs.field(init=False, default=b"")

    def __attrs_post_init__(self) -> None:
        self._seen = self.program.log.stat().st_size

    def new_lines(self) -> Iterator[str]:
        with self.program.log.open("rb") as log:
            log.seek(self._seen)
            data = log.read()
        self._seen += len(data)
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")


def readable(line: str) -> Iterator[str]:
    """A line of a node's log, which is JSON, in readable form; other programs' lines as they are.

    The time is local. The event is followed by its facts, and a traceback on the lines below.
    """
    facts = _facts(line)
    if facts is None:
        yield clean(line)
        return
    time, level = _time_of(facts.pop("timestamp", "")), str(facts.pop("level", ""))
    event, traceback = facts.pop("event"), str(facts.pop("exception", ""))
    said = [f"{name}={_shown(value)}" for name, value in facts.items()]
    mark = "" if level in ("", "info") else f"{level.upper()}: "
    yield " ".join([time, f"{mark}{clean(str(event))}", *said]).strip()
    yield from (f"    {clean(part)}" for part in traceback.splitlines())


def _facts(line: str) -> dict[str, Any] | None:
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        if isinstance(found, dict) and "event" in found:
            return found
    return None


def _time_of(timestamp: object) -> str:
    try:
        return datetime.fromisoformat(str(timestamp)).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return ""


def _shown(value: object) -> str:
    text = clean(str(value))
    return text if text and " " not in text else repr(text)


class LogFollower:
    """Several logs on one terminal."""

    def __init__(self, programs: list[Program], out: TextIO) -> None:
        self._tails = [LogTail(program) for program in programs]
        self._out = out
        self._width = max(len(program.name) for program in programs)
        self._colours = out.isatty() and "NO_COLOR" not in os.environ

    def show_new_lines(self) -> None:
        """Write everything that was logged since the last time."""
        for number, tail in enumerate(self._tails):
            for line in tail.new_lines():
                for part in readable(line):
                    self._out.write(f"{self._prefix(number)} {part}\n")
        self._out.flush()

    def _prefix(self, number: int) -> str:
        prefix = f"{self._tails[number].program.name:{self._width}} |"
        colour = _COLOURS[number % len(_COLOURS)]
        return f"\x1b[{colour}m{prefix}\x1b[0m" if self._colours else prefix
