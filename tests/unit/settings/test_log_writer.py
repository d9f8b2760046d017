"""Lines of the log, if its reader is slow or never reads."""

import json
import logging
import os
import threading
from collections.abc import Iterator
from typing import IO

import attrs
import pytest
import structlog

from entrypoints import log_writer, logs

MANY = 300  # lines: more than fit into a pipe
LONG = "x" * 1000


@attrs.define
class Log:
    """A log that is written into a pipe."""

    lines: log_writer.LogWriter
    reader: IO[str]
    writer: IO[str]

    def write(self, count: int) -> None:
        for number in range(count):
            structlog.get_logger().info(LONG, number=number)

    def end(self) -> list[dict[str, object]]:
        """End the log. Return all lines that were not read before."""
        self.writer.close()
        return [json.loads(line) for line in self.reader]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    read, write = os.pipe()
    with os.fdopen(read) as reader, os.fdopen(write, "w") as writer:
        monkeypatch.setattr("sys.stderr", writer)
        yield Log(logs.set_up_logs("info"), reader, writer)
    logging.getLogger().removeHandler(logs._FROM_LIBRARIES)
    structlog.reset_defaults()


def test_who_logs_does_not_wait_for_who_reads(log: Log) -> None:
    """All lines still arrive, in order, once somebody reads."""
    found: list[dict[str, object]] = []
    with log.lines.in_background():
        log.write(MANY)
        reader = threading.Thread(target=lambda: found.extend(map(json.loads, log.reader)))
        reader.start()
    log.writer.close()
    reader.join()
    assert [line["number"] for line in found] == list(range(MANY))


def test_a_line_says_how_many_are_lost(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only as many lines wait as there is memory for."""
    monkeypatch.setattr(log_writer, "MOST_WAITING", 50 * len(LONG))
    found: list[dict[str, object]] = []
    with log.lines.in_background():
        log.write(MANY)
        reader = threading.Thread(target=lambda: found.extend(map(json.loads, log.reader)))
        reader.start()
    log.writer.close()
    reader.join()
    told = [line for line in found if line["level"] == "error"]
    assert told
    assert sum(int(str(line["lines"])) for line in told) + len(found) - len(told) == MANY


def test_an_end_waits_for_nobody_either(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait at the end has a limit."""
    monkeypatch.setattr(log_writer, "LAST_WITHIN", 0.0)
    with log.lines.in_background():
        log.write(MANY)
    log.write(MANY)
    found = [json.loads(log.reader.readline())["number"] for _ in range(2 * MANY)]
    assert found == 2 * list(range(MANY))


def test_what_is_logged_outside_of_it_is_written_at_once(log: Log) -> None:
    """Lines from before the thread begins, and from after its end, are written directly."""
    log.write(1)
    with log.lines.in_background():
        log.write(2)
    log.write(3)
    assert [line["number"] for line in log.end()] == [0, 0, 1, 0, 1, 2]


def test_a_line_that_finds_no_place_is_lost_alone(log: Log) -> None:
    """Nobody reads the log any more, but the program that logs goes on."""
    log.reader.close()
    with log.lines.in_background():
        log.write(MANY)
