"""Pairs: one half of the clients writes to the other half."""

import time
from collections.abc import Callable, Sequence

from bench import frames
from bench.measuring import Meter
from bench.taking import Taking
from bench.web import Connection


class Pair:
    """Keeps a window of messages on the way from one client to another.

    One of version 1 is done when the recipient has it, one of version 2 when its sender has the
    ACK.
    """

    def __init__(
        self,
        meter: Meter,
        sender: Connection,
        receiver: Connection | None,
        message: frames.Next,
        window: int,
    ) -> None:
        self._meter, self._message, self._window = meter, message, window
        self._send, self._sender_recv = sender.send, sender.recv
        self.sent = self.done = 0
        self.left = 0  # to be sent, whether the meter is on or not
        self._pushed = 0  # messages that the recipient has
        self._is_read = receiver is not None  # otherwise nobody is there
        if receiver is not None:
            self._receiver_recv = receiver.recv
            self._taking = Taking(receiver.send)
        self._probe, self._probe_sent = 1, 0  # one message at a time has its way timed

    def begin(self) -> None:
        self._probe, self._probe_sent = self.sent + 1, time.perf_counter_ns()
        self._say(self._window)

    def received_old(self) -> None:
        """The recipient of version 1 has something: the next can be sent."""
        count = self._receiver_recv(65536).count(frames.NUL)
        self._pushed += count
        self._completed(count)

    def received(self) -> None:
        data = self._receiver_recv(65536)
        if count := frames.chats_in(data):
            self._pushed += count
            self._taking.got(data, count)

    def acknowledged(self) -> None:
        data = self._sender_recv(65536)
        self._meter.check(data)
        self._completed(frames.answers_in(data))

    def is_idle(self) -> bool:
        return self.sent == self.done and (self._pushed == self.sent or not self._is_read)

    def _completed(self, count: int) -> None:
        self.done += count
        meter = self._meter
        meter.count += count
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

    def _say(self, count: int) -> None:
        """Each by itself: a client that has several on their way has not written them together."""
        self.sent += count
        for _ in range(count):
            self._send(self._message())


class Pairs:
    """A load (`bench.measuring.Load`) of clients of one version."""

    def __init__(
        self, socks: Sequence[Connection], users: Sequence[int], version: int, window: int
    ) -> None:
        self.meter = Meter()
        self.handlers: dict[int, Callable[[], None]] = {}
        self.pairs: list[Pair] = []
        half = len(socks) // 2
        for sender, receiver, from_id, to_id in zip(
            socks[:half], socks[half:], users[:half], users[half:], strict=True
        ):
            message = frames.messages(version, from_id, frames.one(to_id))
            pair = Pair(self.meter, sender, receiver, message, window)
            self.pairs.append(pair)
            if version == 1:
                self.handlers[receiver.fileno()] = pair.received_old
            else:
                self.handlers[receiver.fileno()] = pair.received
                self.handlers[sender.fileno()] = pair.acknowledged

    def begin(self) -> None:
        for pair in self.pairs:
            pair.begin()

    def is_idle(self) -> bool:
        return all(pair.is_idle() for pair in self.pairs)
