"""Pairs: one half of the clients writes to the other half."""

from collections.abc import Sequence

from bench import frames
from bench.measuring import Meter
from bench.taking import Taking
from bench.web import Connection
from bench.windows import Window, Windows


class Pair(Window):
    """The window of one client, who writes to another. A message of version 1 is done when the
    recipient has it."""

    def __init__(
        self,
        meter: Meter,
        sender: Connection,
        receiver: Connection,
        message: frames.Next,
        size: int,
    ) -> None:
        super().__init__(meter, sender, message, size)
        self._receiver_recv = receiver.recv
        self._taking = Taking(receiver.send)
        self._pushed = 0  # messages that the recipient has

    def received_old(self) -> None:
        """The recipient of version 1 has received messages: the next can be sent."""
        count = self._receiver_recv(65536).count(frames.NUL)
        self._pushed += count
        self._completed(count)

    def received(self) -> None:
        data = self._receiver_recv(65536)
        if count := frames.chats_in(data):
            self._pushed += count
            self._taking.got(data, count)

    def is_idle(self) -> bool:
        return self.sent == self.done == self._pushed


class Pairs(Windows):
    """Pairs of clients of one version."""

    def __init__(
        self, socks: Sequence[Connection], users: Sequence[int], version: int, window: int
    ) -> None:
        super().__init__()
        half = len(socks) // 2
        for sender, receiver, from_id, to_id in zip(
            socks[:half], socks[half:], users[:half], users[half:], strict=True
        ):
            message = frames.messages(version, from_id, frames.one(to_id))
            pair = Pair(self.meter, sender, receiver, message, window)
            self.windows.append(pair)
            if version == 1:
                self.handlers[receiver.fileno()] = pair.received_old
            else:
                self.handlers[receiver.fileno()] = pair.received
                self.handlers[sender.fileno()] = pair.acknowledged
