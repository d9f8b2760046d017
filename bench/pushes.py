"""One message at a time on a server that has nothing else to do: how long until it arrives."""

import time

from bench import frames
from bench.measuring import Handlers, Meter
from bench.taking import Taking
from bench.web import Connection


class Pushes:
    """A load (`bench.measuring.Load`) of version 2. pause: seconds between messages."""

    def __init__(
        self,
        sender: Connection,
        reader: Connection,
        sender_id: int,
        reader_id: int,
        pause: float,
    ) -> None:
        self.meter = Meter()
        self.handlers: Handlers = {
            sender.fileno(): self._acknowledged,
            reader.fileno(): self._received,
        }
        self._sender, self._reader, self._pause = sender, reader, pause
        self._taking = Taking(reader.send)
        self._message = frames.messages(2, sender_id, frames.one(reader_id))
        self._sent = self._acked = self._pushed = 0
        self._sent_at = 0

    def begin(self) -> None:
        self._say()

    def is_idle(self) -> bool:
        return self._sent == self._acked == self._pushed

    def _say(self) -> None:
        self._sent += 1
        message = self._message()
        self._sent_at = time.perf_counter_ns()
        self._sender.send(message)

    def _acknowledged(self) -> None:
        data = self._sender.recv(65536)
        self.meter.check(data)
        self._acked += frames.answers_in(data)
        self._go_on()

    def _received(self) -> None:
        data = self._reader.recv(65536)
        now = time.perf_counter_ns()
        if count := frames.chats_in(data):
            self.meter.latencies.append(now - self._sent_at)
            self.meter.count += count
            self._pushed += count
            self._taking.got(data, count)
            self._go_on()

    def _go_on(self) -> None:
        if self.meter.on and self.is_idle():
            time.sleep(self._pause)
            self._say()
