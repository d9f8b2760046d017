"""Lines of the log: on whose behalf they are written, and those of libraries."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
import structlog

from adapters.faults.outage import Outage
from adapters.faults.owner import OWNER
from adapters.gateway.tasks import BackgroundTasks
from entrypoints import logs


@attrs.frozen
class Somebody:
    name: str

    def labels(self) -> dict[str, int | str]:
        return {"connection": self.name}


class Log(io.StringIO):
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """What is written to standard error, which is no terminal here."""
    stream = Log()
    monkeypatch.setattr("sys.stderr", stream)
    logs.set_up_logs("info")
    structlog.configure(cache_logger_on_first_use=False)  # other tests use these loggers, too
    yield stream
    logging.getLogger().removeHandler(logs._FROM_LIBRARIES)
    structlog.reset_defaults()


async def test_a_task_s_lines_are_its_owner_s(log: Log) -> None:
    """They are its owner's after an await, too. Neither the task that starts it nor a task that it
    starts has this owner."""
    tasks = BackgroundTasks()

    async def write(event: str) -> None:
        await asyncio.sleep(0)
        structlog.get_logger().info(event)

    async def write_and_go_on() -> None:
        await write("own")
        tasks.start(write("nobody's"))
        tasks.start(write("other's"), Somebody("b"))
        structlog.get_logger().info("named", owner=Somebody("c"))

    tasks.start(write_and_go_on(), Somebody("a"))
    await write("starter's")
    await tasks.finish(1)
    found = {line["event"]: line.get("connection") for line in log.lines()}
    assert found == {
        "starter's": None, "own": "a", "nobody's": None, "other's": "b", "named": "c"
    }  # fmt: skip


@pytest.mark.parametrize("level", ["info", "warning", "error", "exception"])
def test_a_line_that_finds_no_place_ends_nothing(
    log: Log, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """The log's disk may be full, or its reader may have ended."""

    def nowhere(_: str) -> int:
        raise BrokenPipeError

    with monkeypatch.context() as away:
        away.setattr(log, "write", nowhere)
        getattr(structlog.get_logger(), level)("lost")
    structlog.get_logger().info("there again")
    assert [line["event"] for line in log.lines()] == ["there again"]


async def test_a_task_that_fails_is_logged_as_its_owner_s(log: Log) -> None:
    """The line has the traceback."""
    tasks = BackgroundTasks()

    async def fail() -> None:
        raise ValueError("a defect")

    tasks.start(fail(), Somebody("a"))
    await tasks.finish(1)
    await asyncio.sleep(0)
    (line,) = log.lines()
    assert (line["level"], line["connection"]) == ("error", "a")
    assert "a defect" in line["exception"]


async def test_a_library_s_lines_are_its_caller_s(log: Log) -> None:
    """The event loop's lines have no owner, for it may find a failure in anybody's task."""
    before = OWNER.set(Somebody("a"))
    logging.getLogger("a.library").warning("called")
    logging.getLogger("asyncio").error("found")
    OWNER.reset(before)
    found = {line["event"]: line.get("connection") for line in log.lines()}
    assert found == {"called": "a", "found": None}


async def test_an_outage_is_nobody_s_own(log: Log) -> None:
    """The line names nobody, whoever has noticed the outage."""
    before = OWNER.set(Somebody("a"))
    outage = Outage("the database")
    outage.failed(OSError("gone"))
    outage.worked()
    OWNER.reset(before)
    assert [line.get("connection") for line in log.lines()] == [None, None]


async def test_what_a_library_logs_is_a_line_as_any_other(log: Log) -> None:
    """This includes failures of callbacks, which the event loop reports."""
    logging.getLogger("a.library").warning("it says %s", "this")
    logging.getLogger("a.library").info("too much")

    def fail() -> None:
        raise ValueError("a defect")

    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0)
    said, failed = log.lines()
    assert (said["event"], said["logger"], said["level"]) == (
        "it says this",
        "a.library",
        "warning",
    )
    assert (failed["logger"], failed["level"]) == ("asyncio", "error")
    assert "a defect" in failed["exception"]
