"""A sender with a number of messages on their way, who sends a new one for each that is done."""

import time

from bench import frames
from bench.measuring import Handlers, Meter
from bench.web import Connection


class Window:
    """One sender's window. A message is done, and counted, when the server has acknowledged it."""

    def __init__(self, meter: Meter, sender: Connection, message: frames.Next, size: int) -> None:
        self._meter, self._message, self._size = meter, message, size
        self._send, self._recv = sender.send, sender.recv
        self.sent = self.done = 0
        self.left = 0  # messages to send even while the meter is off
        self._probe, self._probe_sent = 1, 0  # one message at a time is timed

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
        """Send each by itself: a client with several on their way has not written them together."""
        self.sent += count
        for _ in range(count):
            self._send(self._message())


class Windows:
    """A load (`bench.measuring.Load`) of several windows, with the handlers that read for them."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.handlers: Handlers = {}
        self.windows: list[Window] = []

    def begin(self) -> None:
        for window in self.windows:
            window.begin()

    def is_idle(self) -> bool:
        return all(window.is_idle() for window in self.windows)
