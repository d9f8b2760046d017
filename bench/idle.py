"""Sessions that do nothing but answer the server's PING."""

import select
import sys
from collections.abc import Callable, Sequence

from bench.web import Connection


def stay(socks: Sequence[Connection], ready: Callable[[], None]) -> None:
    """Keep the sessions alive until the standard input is closed."""
    by_number = {sock.fileno(): sock for sock in socks}
    epoll = select.epoll()
    for number in by_number:
        epoll.register(number, select.EPOLLIN)
    epoll.register(sys.stdin.fileno(), select.EPOLLIN)
    ready()
    while True:
        for number, _ in epoll.poll():
            if number not in by_number:
                return
            by_number[number].recv(4096)
            by_number[number].send(b'{"msgid":1013}\n')
