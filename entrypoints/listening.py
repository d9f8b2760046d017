"""Listening sockets, made before anybody serves on them."""

import os
import socket
from typing import Any

BACKLOG = 4096  # connections that the kernel may hold for us while we are busy


def reason_of(error: OSError) -> str:
    """Why it is not possible to listen, in the system's words."""
    number = error.errno or 0  # negative where the host's name is the trouble
    return os.strerror(number) if number > 0 else error.strerror or str(error)


def listening_sockets(host: str, port: int, count: int) -> list[list[socket.socket]]:
    """For each of `count` processes the sockets to serve on, one for each address of the host.

    The kernel deals new connections out evenly among the processes (SO_REUSEPORT), by a hash of the
    client's address and port. Sharing one socket instead would give most to whoever wakes first.
    The sockets stay open here while a process dies and is replaced, so those that are waiting in
    its queue wait for its successor. Raises OSError.
    """
    # Any program of the same user may share a port that is shared already: look first.
    addresses = _addresses(host, port)
    for family, address in addresses:
        with socket.create_server(address, family=family) as probe:
            port = port or probe.getsockname()[1]
    return [
        [
            socket.create_server(
                (address[0], port, *address[2:]), family=family, backlog=BACKLOG, reuse_port=True
            )
            for family, address in addresses
        ]
        for _ in range(count)
    ]


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))
