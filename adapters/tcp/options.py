"""Socket options for every client connection."""

import socket

USER_TIMEOUT_MS = 60_000  # how long sent data may go without an acknowledgement by the peer's TCP
KERNEL_HOLDS = 64 * 1024  # unsent bytes; the rest waits in this process, where it is counted


def set_options(listening: socket.socket) -> None:
    """Set options on a listening socket. The kernel hands them on to every connection accepted from
    now on, so none needs them set again.

    Version 1 clients cannot answer a PING, so the kernel has to find out which are gone; and for a
    client that does not read, it would otherwise hold megabytes that nobody counts.
    """
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", 30),
        ("TCP_KEEPINTVL", 10),
        ("TCP_KEEPCNT", 3),
        ("TCP_NOTSENT_LOWAT", KERNEL_HOLDS),
        ("TCP_USER_TIMEOUT", USER_TIMEOUT_MS),
    ):
        if hasattr(socket, name):  # not on every system
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
