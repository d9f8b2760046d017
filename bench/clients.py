"""Many clients at once, each step taken by all of them before the next."""

import json
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from bench import frames
from bench.measuring import connect

T = TypeVar("T")

AT_ONCE = 100  # the server hashes no more than 200 passwords at a time


def batches(items: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def ask(sock: socket.socket, request: bytes, end: bytes = frames.NEWLINE) -> dict[str, Any]:
    """Send a request and wait for its answer, the only frame that can come now."""
    sock.sendall(request)
    return answer(sock, end)


def answer(sock: socket.socket, end: bytes = frames.NEWLINE) -> dict[str, Any]:
    data = b""
    while not data.endswith(end):
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {data!r}")
        data += piece
    found: dict[str, Any] = json.loads(data[:-1])
    if found.get("errno"):
        raise RuntimeError(f"the server says {data!r}")
    return found


def all_ask(socks: Sequence[socket.socket], request: Callable[[int], bytes]) -> list[Any]:
    """Send each its request (by its position), then collect the answers."""
    for position, sock in enumerate(socks):
        sock.sendall(request(position))
    return [answer(sock) for sock in socks]


def register(port: int, count: int, prefix: str = "user") -> list[int]:
    """Make so many users, all with the password `secret`; their ids."""
    ids: list[int] = []
    for batch in batches(range(count)):
        socks = [connect(port) for _ in batch]
        names = [f"{prefix} {number}" for number in batch]
        answers = all_ask(socks, lambda at, names=names: _register(names[at]))  # type: ignore[misc]
        ids += [one["id"] for one in answers]
        close(socks)
    return ids


def _register(name: str) -> bytes:
    return b'{"msgid":1003,"name":"%b","password":"secret"}\n' % name.encode()


def make_groups(port: int, groups: Sequence[Sequence[int]]) -> list[int]:
    """Make groups of these users; their ids. Names come from the creators' ids."""
    ids = []
    for members in groups:
        creator, *others = members
        sock = connect(port)
        ask(sock, frames.login(creator, 2))
        name = f"group of {creator} and {len(others)}".encode()
        made = ask(sock, b'{"msgid":1007,"groupname":"%b","seq":1}\n' % name)
        ids.append(made["groupid"])
        log_out([sock])
        for batch in batches(others):
            _join(port, batch, made["groupid"])
    return ids


def _join(port: int, members: Sequence[int], group_id: int) -> None:
    socks = [connect(port) for _ in members]
    all_ask(socks, lambda at: frames.login(members[at], 2))
    all_ask(socks, lambda _: b'{"msgid":1008,"groupid":%d,"seq":1}\n' % group_id)
    log_out(socks)


def log_out(socks: Sequence[socket.socket]) -> None:
    all_ask(socks, lambda _: b'{"msgid":1002,"seq":9}\n')
    close(socks)


def close(socks: Sequence[socket.socket]) -> None:
    for sock in socks:
        sock.close()


def log_in(port: int, users: Sequence[int], version: int) -> list[socket.socket]:
    """Connections of these users, in the state in which they stay."""
    socks: list[socket.socket] = []
    end = frames.end_of(version)
    for batch in batches(users):
        new = [connect(port, len(socks) + at) for at in range(len(batch))]
        for sock, user in zip(new, batch, strict=True):
            sock.sendall(frames.login(user, version))
        for sock in new:
            answer(sock, end)
        socks += new
    for sock in socks:
        sock.settimeout(None)  # or each call would be two
    return socks
