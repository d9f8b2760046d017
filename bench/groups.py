"""Groups: the first member of each writes, all others read. Deliveries are counted."""

from collections.abc import Callable, Sequence

from bench import frames
from bench.measuring import Meter
from bench.taking import Taking
from bench.web import Connection
from bench.windows import Window, Windows


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


class Group(Window):
    """The window of one member, who writes to all others. A message of version 1 is done when all
    have it."""

    def __init__(
        self, meter: Meter, sender: Connection, readers: int, message: frames.Next, size: int
    ) -> None:
        super().__init__(meter, sender, message, size)
        self._readers = readers
        self._deliveries = 0

    def got_old(self, count: int) -> None:
        self.got(count)
        while self._deliveries >= self._readers * (self.done + 1):
            self._completed(1)

    def got(self, count: int) -> None:
        self._meter.count += count
        self._deliveries += count

    def is_idle(self) -> bool:
        return self.sent == self.done and self._deliveries == self.sent * self._readers

    def _count(self, done: int) -> None:
        """Count nothing: the deliveries have been counted already."""


class Groups(Windows):
    """As many groups of one size as there are sockets for."""

    def __init__(
        self,
        socks: Sequence[Connection],
        users: Sequence[int],
        group_ids: Sequence[int],
        version: int,
        window: int,
    ) -> None:
        super().__init__()
        size = len(socks) // len(group_ids)
        for number, group_id in enumerate(group_ids):
            first = number * size
            sender, *readers = socks[first : first + size]
            message = frames.messages(version, users[first], frames.group(group_id))
            group = Group(self.meter, sender, len(readers), message, window)
            self.windows.append(group)
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
