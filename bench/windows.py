"""A sender that has so many messages on their way, and writes a new one for each that is done."""

import time

from bench import frames
from bench.measuring import Handlers, Meter
from bench.web import Connection


class Window:
    """One sender's. A message is done when the server has acknowledged it, and is counted then."""

    def __init__(self, meter: Meter, sender: Connection, message: frames.Next, size: int) -> None:
        self._meter, self._message, self._size = meter, message, size
        self._send, self._recv = sender.send, sender.recv
        self.sent = self.done = 0
        self.left = 0  # to be sent, whether the meter is on or not
        self._probe, self._probe_sent = 1, 0  # one message at a time has its way timed

    def begin(self) -> None:
        self._probe, self._probe_sent = self.sent + 1, time.perf_counter_ns()
        self._say(self._size)

    def acknowledged(self) -> None:
        data = self._recv(65536)
        self._meter.check(data)
        self._completed(frames.answers_in(data))

    def is_idle(self) -> bool:
        return self.sent == self.done

    def _completed(self, count: int) -> None:
        self.done += count
        self._count(count)
        meter = self._meter
        now = time.perf_counter_ns()
        if self.done >= self._probe:
            meter.latencies.append(now - self._probe_sent)
            self._probe, self._probe_sent = self.sent + 1, now
        if meter.on:
            self._say(count)
        elif self.left:
            count = min(count, self.left)
            self.left -= count
            self._say(count)

    def _count(self, done: int) -> None:
        self._meter.count += done

    def _say(self, count: int) -> None:
        """Each by itself: a client that has several on their way has not written them together."""
        self.sent += count
        for _ in range(count):
            self._send(self._message())


class Windows:
    """A load (`bench.measuring.Load`): several of them, each with what it reads by."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.handlers: Handlers = {}
        self.windows: list[Window] = []

    def begin(self) -> None:
        for window in self.windows:
            window.begin()

    def is_idle(self) -> bool:
        return all(window.is_idle() for window in self.windows)
