"""Messages to those who are away: stored, and fetched at their next login."""

import socket
import time
from collections.abc import Callable, Sequence

from bench import clients, frames
from bench.measuring import DRAIN, Meter, Poller, connect, cpu_of
from bench.p2p import Pair


class Storing:
    """A load (`bench.measuring.Load`): each sender writes to somebody who is not there."""

    def __init__(
        self, socks: Sequence[socket.socket], senders: Sequence[int], recipients: Sequence[int]
    ) -> None:
        self.meter = Meter(all_stored=True)
        self.handlers: dict[int, Callable[[], None]] = {}
        self.pairs: dict[int, Pair] = {}
        for sock, sender, recipient in zip(socks, senders, recipients, strict=True):
            message = frames.messages(2, sender, frames.one(recipient))
            pair = Pair(self.meter, sock, sock, message, 1)
            self.pairs[recipient] = pair
            self.handlers[sock.fileno()] = pair.acknowledged

    def begin(self) -> None:
        for pair in self.pairs.values():
            pair.begin()

    def is_idle(self) -> bool:
        return all(pair.sent == pair.done for pair in self.pairs.values())


class Recipient:
    """Logs in, takes everything over, and is gone again."""

    def __init__(self, sock: socket.socket, expected: int) -> None:
        self._sock = sock
        self._expected = expected
        self._frames = 0

    def received(self) -> None:
        data = self._sock.recv(65536)
        if not data or b'"error"' in data:
            raise RuntimeError(f"the server says {data!r}")
        self._frames += data.count(frames.NEWLINE)
        if self._frames > 1:  # the first is the answer to the login
            self._sock.send(frames.pushed(self._frames - 1))

    def has_all(self) -> bool:
        return self._frames > self._expected


def send(load: Storing, count: int) -> None:
    """Let each sender send so many, and wait until all are stored."""
    for pair in load.pairs.values():
        pair.left = count - 1
    load.begin()
    Poller(load.handlers).run(3 * DRAIN, load.is_idle)
    if not load.is_idle():
        raise RuntimeError("messages were not answered")


def fetch(port: int, expected: dict[int, int], pid: int) -> dict[str, float]:
    """Let users log in who have so many messages each; how fast they came."""
    began, used = time.monotonic(), cpu_of(pid)
    socks = [connect(port) for _ in expected]
    recipients = {
        sock.fileno(): Recipient(sock, count)
        for sock, count in zip(socks, expected.values(), strict=True)
    }
    for sock, user in zip(socks, expected, strict=True):
        sock.sendall(frames.login(user, 2))
    waiting = list(recipients.values())

    def done() -> bool:
        while waiting and waiting[-1].has_all():
            waiting.pop()
        return not waiting

    Poller({number: one.received for number, one in recipients.items()}).run(3 * DRAIN, done)
    if not done():
        raise RuntimeError("stored messages were lost")
    took, used = time.monotonic() - began, cpu_of(pid) - used
    clients.log_out(socks)
    count = max(sum(expected.values()), 1)
    return {"rate": count / took, "cpu_us": used * 1e6 / count, "p50_ms": 0, "p99_ms": 0}
