"""Listening on a port, of this process alone or shared by several."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from adapters.tcp.options import set_options

BACKLOG = 4096  # connections that the kernel may queue while we are busy


def reason_of(error: OSError) -> str:
    """Why listening failed, in the system's words."""
    number = error.errno or 0  # negative if the host's name is at fault
    return os.strerror(number) if number > 0 else error.strerror or str(error)


def place_of(sock: socket.socket) -> str:
    """The address of a listening socket, as it follows `http://` in a URL."""
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listening_sockets(host: str, port: int, count: int) -> list[list[socket.socket]]:
    """For each of `count` processes, the sockets to serve on: one for each address of the host.

    The kernel distributes new connections evenly among the processes (SO_REUSEPORT), by a hash of
    the client's address and port. With a shared socket, the process that wakes first would get
    most. The sockets stay open here while a process dies and is replaced, so connections in its
    queue wait for its successor. Raises OSError.
    """
    # A program of the same user could join a shared port, so check first that the port is free.
    addresses = _addresses(host, port)
    for family, address in addresses:
        with socket.create_server(address, family=family) as probe:
            port = port or probe.getsockname()[1]
    return [
        [_shared(family, (address[0], port, *address[2:])) for family, address in addresses]
        for _ in range(count)
    ]


def _shared(family: int, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=True)
    set_options(sock)
    return sock


async def serve_on(
    protocol: Callable[[], asyncio.Protocol],
    host: str,
    port: int,
    sockets: Sequence[socket.socket] | None,
) -> list[asyncio.Server]:
    """Serve on these sockets (of `listening_sockets`) or, without any, on new ones. Raises
    OSError."""
    create = partial(asyncio.get_running_loop().create_server, protocol, backlog=BACKLOG)
    if sockets is not None:
        return [await create(sock=sock) for sock in sockets]
    server = await create(host, port, start_serving=False)
    for sock in server.sockets:
        set_options(sock)
    await server.start_serving()
    return [server]


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))
