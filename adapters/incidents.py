"""What should not be, and is survived: counted, and told in the log once a minute for each kind.

There are two sorts: input from a service that is not what it should be, and exceptions that nothing
expects. Either may come thousands of times a second, so neither has a line of its own each time.
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
KINDS = 200  # that are told apart; those beyond are counted alone, since they could be made up
LONGEST = 300  # characters of what somebody else has written
SOURCES = ("redis", "database")


@attrs.define
class _Kind:
    told: float
    since: int = 0  # how many have come since then


class Incidents:
    """malformed: input, by the service that it came from. defects: exceptions, by what met them.

    Threads may use it. Nothing that is said here may quote what was in the input: messages and
    digests are in there.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begin anew. For tests, which all share one process."""
        self.malformed: Counter[str] = Counter(dict.fromkeys(SOURCES, 0))
        self.defects: Counter[str] = Counter()
        self._kinds: dict[tuple[str, ...], _Kind] = {}

    def bad_input(self, source: str, what: str, why: object) -> None:
        """A service has given us something that is not what it should be. what: a word for it."""
        with self._lock:
            self.malformed[source] += 1
        self.tell("malformed input", what, source=source, why=str(why)[:LONGEST])

    def watch(self, where: str) -> None:
        """Let there be a count, of none so far."""
        self.defects.setdefault(where, 0)

    def defect(self, where: str, error: BaseException, event: str = "defect") -> None:
        """Something was raised that nobody expects, and whatever it was goes on."""
        with self._lock:
            self.defects[where] += 1
        times = self._times((event, where, *_place_of(error)))
        if times:
            log.error(event, where=where, times=times, exc_info=error)

    def survive(self, where: str, work: Callable[P, object], *args: P.args, **kw: P.kwargs) -> None:
        """Do this; an exception is a defect, and ends nothing else."""
        try:
            work(*args, **kw)
        except Exception as error:  # noqa: BLE001  # that is the purpose
            self.defect(where, error)

    def tell(self, event: str, what: str, **facts: object) -> None:
        """Log a warning, unless one of this kind (event and what) was logged a short time ago."""
        times = self._times((event, what))
        if times:
            log.warning(event, what=what, times=times, **facts)

    def _times(self, name: tuple[str, ...]) -> int:
        """How many there are to be told of now, this one among them; 0 for not now."""
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
    """The kind of an exception, and the line that raised it: the same twice is one defect."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
    return type(error).__name__, where


# One for the process, as its log is: whoever meets an incident, in whatever thread, has it at hand.
INCIDENTS = Incidents()
