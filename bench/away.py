"""Messages to users who are away."""

from collections.abc import Sequence

from bench import frames
from bench.measuring import DRAIN, Poller
from bench.web import Connection
from bench.windows import Window, Windows


class Away(Windows):
    """Each sender writes to a user or a group; nobody is there to read it.

    to: the parts of their frames that name the recipients.
    """

    def __init__(
        self,
        socks: Sequence[Connection],
        senders: Sequence[int],
        to: Sequence[bytes],
        window: int,
    ) -> None:
        super().__init__()
        self.size = window
        for sock, sender, part in zip(socks, senders, to, strict=True):
            message = frames.messages(2, sender, part)
            one = Window(self.meter, sock, message, window)
            self.windows.append(one)
            self.handlers[sock.fileno()] = one.acknowledged


def send(load: Away, count: int) -> None:
    """Let each sender send so many messages, at least its window; wait until all are in the log."""
    for one in load.windows:
        one.left = count - load.size
    load.begin()
    Poller(load.handlers).run(6 * DRAIN, load.is_idle)
    if not load.is_idle():
        raise RuntimeError("messages were not answered")
