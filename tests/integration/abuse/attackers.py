"""Sockets of attackers. They block, so they belong on a thread of their own."""

import contextlib
import json
import resource
import select
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.integration.raw_client import PATIENCE

ELSEWHERE = "127.0.0.2"


def raise_file_limit() -> int:
    """Allow as many open files as the system lets a test have; return how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def attacker(port: int, address: str = ELSEWHERE) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(address, 0))


@contextlib.contextmanager
def attackers(port: int, count: int, address: str = ELSEWHERE) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(attacker(port, address)) for _ in range(count)]


def ask(sock: socket.socket, **frame: Any) -> dict[str, Any]:
    """Send one request; return the next frame that comes."""
    sock.sendall(json.dumps(frame).encode() + b"\n")
    return next_frame(sock)


def next_frame(sock: socket.socket) -> dict[str, Any]:
    data = b""
    while not data.endswith(b"\n"):
        more = sock.recv(1)
        if not more:
            raise ConnectionResetError
        data += more
    found = json.loads(data)
    assert isinstance(found, dict)
    return found


def last_words(sock: socket.socket) -> bytes:
    """Everything that comes until the server closes the connection."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while data := sock.recv(65_536):
            said += data
    return said


def blast(socks: Sequence[socket.socket], data: bytes, seconds: float) -> int:
    """Send the same data repeatedly on all sockets, and read; return how many bytes were sent."""
    offsets = dict.fromkeys(socks, 0)
    for sock in socks:
        sock.setblocking(False)
    sent, ends = 0, time.monotonic() + seconds
    while offsets and time.monotonic() < ends:
        readable, writable, _ = select.select(offsets, offsets, [], 0.1)
        for sock in {*readable, *writable}:
            try:
                with contextlib.suppress(BlockingIOError):
                    sock.recv(65_536)
                with contextlib.suppress(BlockingIOError):
                    count = sock.send(data[offsets[sock] :])
                    offsets[sock] = (offsets[sock] + count) % len(data)
                    sent += count
            except ConnectionError:
                del offsets[sock]
    return sent


def send_what_goes(sock: socket.socket, data: bytes, seconds: float) -> int:
    """Send the same data repeatedly without reading; return how many bytes the server took."""
    sock.setblocking(False)
    sent, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            sent += sock.send(data)
        except BlockingIOError:
            time.sleep(0.005)
        except ConnectionError:
            break
    return sent


def insist(sock: socket.socket, data: bytes, seconds: float) -> bytes:
    """Send the same data repeatedly, and read, until the server closes; return its last words."""
    sock.setblocking(False)
    said, ends = b"", time.monotonic() + seconds
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < ends:
            readable, writable, _ = select.select([sock], [sock], [], 0.1)
            if readable:
                heard = sock.recv(65_536)
                if not heard:
                    break
                said = (said + heard)[-1000:]
            if writable:
                with contextlib.suppress(BlockingIOError):
                    sock.send(data)
    return said
