"""Groups: the first member of each writes, all others read. Deliveries are what is counted."""

import time
from collections.abc import Callable, Sequence

from bench import frames
from bench.measuring import Meter
from bench.taking import Taking
from bench.web import Connection


class Member:
    """A reader."""

    def __init__(self, sock: Connection, got: Callable[[int], None]) -> None:
        self._recv, self._got = sock.recv, got
        self._taking = Taking(sock.send)

    def received_old(self) -> None:
        self._got(self._recv(65536).count(frames.NUL))

    def received(self) -> None:
        data = self._recv(65536)
        if count := frames.chats_in(data):
            self._taking.got(data, count)
            self._got(count)


class Group:
    """Keeps a window of messages on the way to a group.

    One of version 1 is done when all have it, one of version 2 when its sender has the ACK.
    """

    def __init__(
        self, meter: Meter, sender: Connection, readers: int, message: frames.Next, window: int
    ) -> None:
        self._meter, self._readers, self._message, self._window = meter, readers, message, window
        self._send, self._recv = sender.send, sender.recv
        self.sent = self.done = 0
        self._deliveries = 0
        self._probe, self._probe_sent = 1, 0

    def begin(self) -> None:
        self._probe, self._probe_sent = self.sent + 1, time.perf_counter_ns()
        self._say(self._window)

    def got_old(self, count: int) -> None:
        self.got(count)
        while self._deliveries >= self._readers * (self.done + 1):
            self._completed(1)

    def got(self, count: int) -> None:
        self._meter.count += count
        self._deliveries += count

    def acknowledged(self) -> None:
        data = self._recv(65536)
        self._meter.check(data)
        self._completed(frames.answers_in(data))

    def is_idle(self) -> bool:
        return self.sent == self.done and self._deliveries == self.sent * self._readers

    def _completed(self, count: int) -> None:
        self.done += count
        now = time.perf_counter_ns()
        if self.done >= self._probe:
            self._meter.latencies.append(now - self._probe_sent)
            self._probe, self._probe_sent = self.sent + 1, now
        if self._meter.on:
            self._say(count)

    def _say(self, count: int) -> None:
        self.sent += count
        for _ in range(count):
            self._send(self._message())


class Groups:
    """A load (`bench.measuring.Load`): as many groups of one size as there are sockets for."""

    def __init__(
        self,
        socks: Sequence[Connection],
        users: Sequence[int],
        group_ids: Sequence[int],
        version: int,
        window: int,
    ) -> None:
        self.meter = Meter()
        self.handlers: dict[int, Callable[[], None]] = {}
        self.groups: list[Group] = []
        size = len(socks) // len(group_ids)
        for number, group_id in enumerate(group_ids):
            first = number * size
            sender, *readers = socks[first : first + size]
            message = frames.messages(version, users[first], frames.group(group_id))
            group = Group(self.meter, sender, len(readers), message, window)
            self.groups.append(group)
            self._listen(group, sender, readers, version)

    def _listen(
        self, group: Group, sender: Connection, readers: list[Connection], version: int
    ) -> None:
        for reader in readers:
            if version == 1:
                handler = Member(reader, group.got_old).received_old
            else:
                handler = Member(reader, group.got).received
            self.handlers[reader.fileno()] = handler
        if version > 1:
            self.handlers[sender.fileno()] = group.acknowledged

    def begin(self) -> None:
        for group in self.groups:
            group.begin()

    def is_idle(self) -> bool:
        return all(group.is_idle() for group in self.groups)
