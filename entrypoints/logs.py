"""Logging to standard error: readable on a terminal, otherwise one JSON object per line."""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import EventDict

from adapters.faults.owner import OWNER
from entrypoints.log_writer import LogWriter

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def labelled(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Add on whose behalf the line is written: its `owner`, if it has one, else its task's."""
    owner = event.pop("owner") if "owner" in event else OWNER.get()
    return event if owner is None else {**owner.labels(), **event}


def escaped(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Keep a line on the terminal a single line, whatever names and addresses it contains.

    JSON does this by itself, the renderer for terminals only for values, not for the event.
    """
    event["event"] = _printable(str(event["event"]))
    return event


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def indented_traceback(stream: TextIO, exc_info: ExcInfo) -> None:
    """A traceback on a terminal: without the values of variables, which may be passwords, and with
    a margin, so that no exception's text looks like a line of the log."""
    for part in traceback.format_exception(*exc_info):
        stream.writelines(f"\n    | {_printable(line)}" for line in part.splitlines())


_FOR_TERMINALS = (
    escaped,
    structlog.dev.ConsoleRenderer(exception_formatter=indented_traceback),
)
_FOR_MACHINES = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())


class FromLibraries(logging.Handler):
    """Turns what libraries and the event loop log by Python's `logging` into lines like ours."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        write = log.error if record.levelno >= logging.ERROR else log.warning
        # The loop reports failures when it finds them, in the context of any task.
        owner = None if record.name == "asyncio" else OWNER.get()
        write(record.getMessage(), logger=record.name, exc_info=record.exc_info, owner=owner)


_FROM_LIBRARIES = FromLibraries(logging.WARNING)


class Threshold:
    """The lowest level that this process logs. It can be changed at run time."""

    def __init__(self) -> None:
        self.level = "info"
        self._number = logging.INFO

    def set(self, level: str) -> str:
        """Log from this level on; return the level before."""
        before, self.level = self.level, level
        self._number = _NUMBERS[level]
        return before

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Log everything inside the block: a change of the level itself, for example."""
        self._number = logging.NOTSET
        try:
            yield
        finally:
            self._number = _NUMBERS[self.level]

    def __call__(self, _logger: object, method: str, event: EventDict) -> EventDict:
        """Drop lines below the level; the first of structlog's processors."""
        if _NUMBERS[method] < self._number:
            raise structlog.DropEvent
        return event


_NUMBERS = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()} | {
    "exception": logging.ERROR
}
THRESHOLD = Threshold()


def set_up_logs(level: str) -> LogWriter:
    """Configure logging from this level on. No value can forge a line of its own."""
    THRESHOLD.set(level)
    logging.getLogger().addHandler(_FROM_LIBRARIES)
    stream = sys.stderr
    lines = LogWriter(stream)
    structlog.configure(
        processors=[
            THRESHOLD,
            structlog.contextvars.merge_contextvars,
            labelled,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_FOR_TERMINALS if stream.isatty() else _FOR_MACHINES),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    return lines
