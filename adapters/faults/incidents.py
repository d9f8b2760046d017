"""Faults that the process survives: counted, and logged once a minute for each kind.

They are malformed input from a service, and exceptions that nothing expects. Either may occur
thousands of times a second, so they do not get a log line each.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec

import attrs
import structlog

P = ParamSpec("P")

log = structlog.get_logger()

TOLD_AGAIN_AFTER = 60.0  # seconds
KINDS = 200  # logged apart; more are only counted, since an attacker could make them up
LONGEST = 300  # characters of text that somebody else wrote
SOURCES = ("redis", "database")


@attrs.define
class _Kind:
    told: float
    since: int = 0  # how many have occurred since `told`


class Incidents:
    """malformed: bad input, counted by the service that sent it. defects: unexpected exceptions,
    counted by where they were caught.

    Thread-safe. No argument may quote the input: it contains messages and digests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Start over. For tests, which all share one process."""
        self.malformed: Counter[str] = Counter(dict.fromkeys(SOURCES, 0))
        self.defects: Counter[str] = Counter()
        self._kinds: dict[tuple[str, ...], _Kind] = {}

    def bad_input(self, source: str, what: str, why: object) -> None:
        """A service has sent malformed input. what: a word for it."""
        with self._lock:
            self.malformed[source] += 1
        self.tell("malformed input", what, source=source, why=str(why)[:LONGEST])

    def watch(self, where: str) -> None:
        """Make sure that `where` has a count, from 0 on."""
        self.defects.setdefault(where, 0)

    def defect(
        self, where: str, error: BaseException, event: str = "defect", **facts: object
    ) -> None:
        """Something raised an exception that nobody expects; the caller goes on."""
        with self._lock:
            self.defects[where] += 1
        times = self._times((event, where, *_place_of(error)))
        if times:
            log.error(event, where=where, times=times, exc_info=error, **facts)

    def survive(self, where: str, work: Callable[P, object], *args: P.args, **kw: P.kwargs) -> None:
        """Call `work`; an exception is counted as a defect, and goes no further."""
        try:
            work(*args, **kw)
        except Exception as error:  # noqa: BLE001  # that is the purpose
            self.defect(where, error)

    def tell(self, event: str, what: str, **facts: object) -> None:
        """Log a warning, unless this kind (event and what) was logged within the last minute."""
        times = self._times((event, what))
        if times:
            log.warning(event, what=what, times=times, **facts)

    def _times(self, name: tuple[str, ...]) -> int:
        """How many occurrences to log now, this one included; 0 to log nothing now."""
        now = self._clock()
        with self._lock:
            kind = self._kinds.get(name)
            if kind is None:
                return int(self._room_for(name, now))
            kind.since += 1
            if now - kind.told < TOLD_AGAIN_AFTER:
                return 0
            times, kind.told, kind.since = kind.since, now, 0
            return times

    def _room_for(self, name: tuple[str, ...], now: float) -> bool:
        if len(self._kinds) >= KINDS:
            self._kinds = {
                known: kind
                for known, kind in self._kinds.items()
                if now - kind.told < TOLD_AGAIN_AFTER
            }
        if len(self._kinds) >= KINDS:
            return False
        self._kinds[name] = _Kind(now)
        return True


def _place_of(error: BaseException) -> tuple[str, str]:
    """An exception's type, and the line that raised it: two with the same are one defect."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
    return type(error).__name__, where


# One for the whole process, like its log, so that any thread can report an incident.
INCIDENTS = Incidents()
