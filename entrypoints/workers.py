"""Several processes that do the same work, and the process that watches over them.

The watcher only forks the workers: it has no event loop, threads or connections, so it can fork at
any time. A worker that dies is replaced, after a delay that grows while it keeps dying. The watcher
passes on SIGTERM and SIGINT, and SIGHUP if `on_hangup` says so. If the watcher itself is killed,
the workers see their lifeline break, and end.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import attrs
import structlog

log = structlog.get_logger()

HEALTHY_AFTER = 30.0  # seconds; a worker that lived this long is replaced at once
SHORTEST_DELAY, LONGEST_DELAY = 0.5, 10.0  # seconds
STOPPING_TAKES = 20.0  # seconds until they are killed; workers allow themselves 10
REFUSED = 1  # the exit status of a worker that cannot do its work

_SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP}

# `work(number, lifeline)` returns the worker's exit status. The lifeline is a file descriptor that
# becomes readable once the watcher is gone.
Work = Callable[[int, int], int]


@attrs.define
class _WorkerSlot:
    """One of the workers, over all its starts. Times are in seconds, by the monotonic clock."""

    number: int
    pid: int = 0
    starts: int = 0
    started: float = 0.0
    delay: float = 0.0
    due: float | None = None  # when it is to be started; None while it runs

    def postpone(self, lived: float) -> None:
        """Start it again after a delay, which grows each time unless it has lived long enough."""
        self.delay = _next_delay(self.delay, lived)
        self.due = time.monotonic() + self.delay


class Watcher:
    """Keeps `count` workers running until it is told to stop. Can be used once."""

    def __init__(
        self, count: int, work: Work, *, on_hangup: Callable[[], bool] = lambda: False
    ) -> None:
        """on_hangup: called on SIGHUP; returns whether to pass it on to the workers."""
        self._work = work
        self._on_hangup = on_hangup
        self._slots = [_WorkerSlot(number, due=0.0) for number in range(1, count + 1)]
        self._lifeline = os.pipe()
        self._stopping = False
        self._status = 0

    def run(self, on_stop: Callable[[], None], more_time: Callable[[], float] = lambda: 0.0) -> int:
        """Run until all workers have ended. Returns the exit status: 0 if all ended cleanly.

        on_stop: called once, when the workers are told to stop. more_time: called then; returns how
        many seconds they may take beyond STOPPING_TAKES.
        """
        signal.signal(signal.SIGCHLD, lambda *_: None)  # an ignored signal cannot be waited for
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self._on_stop = on_stop
        self._more_time = more_time
        self._start_due()
        while self._has_work():
            number = signal.sigwait(_SIGNALS)
            if number == signal.SIGCHLD:
                self._reap()
            elif number == signal.SIGHUP:
                self._hang_up()
            elif number != signal.SIGALRM:
                self._stop(number)
            elif self._stopping:
                self._signal_all(signal.SIGKILL)
            self._start_due()
        return self._status

    def _has_work(self) -> bool:
        waiting = not self._stopping and any(slot.due is not None for slot in self._slots)
        return waiting or any(slot.pid for slot in self._slots)

    # -- starting ------------------------------------------------------------------------

    def _start_due(self) -> None:
        if self._stopping:
            return
        now = time.monotonic()
        for slot in self._slots:
            if slot.due is not None and slot.due <= now:
                self._start(slot)
        waiting = [slot.due for slot in self._slots if slot.due is not None]
        if waiting:
            signal.setitimer(signal.ITIMER_REAL, max(min(waiting) - now, 0.001))

    def _start(self, slot: _WorkerSlot) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            pid = os.fork()
        except OSError as error:  # too many processes, or too little memory, for now
            slot.postpone(lived=0.0)
            log.error("no worker started", worker=slot.number, why=error.strerror)  # noqa: TRY400
            return
        if pid == 0:
            self._run_worker(slot.number)
        slot.pid, slot.due = pid, None
        slot.starts += 1
        slot.started = time.monotonic()

    def _run_worker(self, number: int) -> None:
        status = REFUSED
        try:
            os.close(self._lifeline[1])
            signal.setitimer(signal.ITIMER_REAL, 0)
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_DFL)
            # SIGHUP stays blocked, and pending, until the worker can read its settings again.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS - {signal.SIGHUP})
            status = self._work(number, self._lifeline[0])
        except Exception:
            log.exception("worker failed", worker=number)
        finally:  # in any case: a worker must not go on as a second watcher
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    # -- ending -------------------------------------------------------------------------------

    def _reap(self) -> None:
        for slot in self._slots:
            if slot.pid:
                pid, status = os.waitpid(slot.pid, os.WNOHANG)
                if pid:
                    self._on_exit(slot, os.waitstatus_to_exitcode(status))

    def _on_exit(self, slot: _WorkerSlot, code: int) -> None:
        lived = time.monotonic() - slot.started
        pid, slot.pid = slot.pid, 0
        if self._stopping:
            # A worker told to stop before it could handle the signal ended by the signal itself.
            if code not in (0, -signal.SIGTERM, -signal.SIGINT):
                self._status = REFUSED
        elif code == REFUSED and slot.starts == 1 and lived < HEALTHY_AFTER:
            # It has said why. What one worker cannot do from the beginning, none can.
            self._status = REFUSED
            self._stop(signal.SIGTERM)
        else:
            slot.postpone(lived)
            log.error("worker died", worker=slot.number, pid=pid, status=code, again_in=slot.delay)

    # -- reloading -------------------------------------------------------------------------

    def _hang_up(self) -> None:
        if not self._stopping and self._on_hangup():
            self._signal_all(signal.SIGHUP)

    # -- stopping --------------------------------------------------------------------------

    def _stop(self, number: int) -> None:
        if not self._stopping:
            self._stopping = True
            self._on_stop()
            signal.setitimer(signal.ITIMER_REAL, STOPPING_TAKES + self._more_time())
        self._signal_all(number)

    def _signal_all(self, number: int) -> None:
        for slot in self._slots:
            if slot.pid:
                with suppress(ProcessLookupError):
                    os.kill(slot.pid, number)


def _next_delay(last: float, lived: float) -> float:
    if lived >= HEALTHY_AFTER:
        return 0.0
    return min(max(2 * last, SHORTEST_DELAY), LONGEST_DELAY)
