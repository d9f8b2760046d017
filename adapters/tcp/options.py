"""What the kernel is to do for each connection."""

import socket

USER_TIMEOUT_MS = 60_000  # how long sent data may go without an acknowledgement by the peer's TCP
KERNEL_HOLDS = 64 * 1024  # bytes not sent yet; the rest waits in this process, where it counts


def set_options(listening: socket.socket) -> None:
    """Have it done for those connections that come to this socket from now on: the kernel hands
    options on to each, so that none has to be given them by itself.

    Version 1 clients cannot answer a PING, so the kernels have to find out who is gone; and for
    who does not read, the kernel would hold megabytes that are not counted.
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
