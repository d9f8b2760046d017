"""Messages to those who are away."""

from collections.abc import Callable, Sequence

from bench import frames
from bench.measuring import DRAIN, Meter, Poller
from bench.p2p import Pair
from bench.web import Connection


class Away:
    """A load (`bench.measuring.Load`): each sender writes to somebody, or a group, without anybody
    there to read it. to: the parts of their frames that name the recipients."""

    def __init__(
        self,
        socks: Sequence[Connection],
        senders: Sequence[int],
        to: Sequence[bytes],
        window: int = 1,
    ) -> None:
        self.meter, self.window = Meter(), window
        self.handlers: dict[int, Callable[[], None]] = {}
        self.pairs: list[Pair] = []
        for sock, sender, part in zip(socks, senders, to, strict=True):
            message = frames.messages(2, sender, part)
            pair = Pair(self.meter, sock, None, message, window)
            self.pairs.append(pair)
            self.handlers[sock.fileno()] = pair.acknowledged

    def begin(self) -> None:
        for pair in self.pairs:
            pair.begin()

    def is_idle(self) -> bool:
        return all(pair.is_idle() for pair in self.pairs)


def send(load: Away, count: int) -> None:
    """Let each sender send so many, its window at least, and wait until all are in the log."""
    for pair in load.pairs:
        pair.left = count - load.window
    load.begin()
    Poller(load.handlers).run(6 * DRAIN, load.is_idle)
    if not load.is_idle():
        raise RuntimeError("messages were not answered")
