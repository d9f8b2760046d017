"""Many clients at once, each step taken by all of them before the next."""

import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from bench import frames
from bench.measuring import connect
from bench.web import Connection, WebSocket

T = TypeVar("T")

ANSWERS = (1001, 1004)  # to what can have no `seq`: a login of version 1, and REGISTER
AT_ONCE = 100  # the server hashes no more than 200 passwords at a time


def batches(items: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(itertools.islice(rest, size)):
        yield batch


def ask(sock: Connection, request: bytes, end: bytes = frames.NEWLINE) -> dict[str, Any]:
    """Send a request and wait for its answer."""
    sock.sendall(request)
    return answer(sock, end)


def answer(sock: Connection, end: bytes = frames.NEWLINE) -> dict[str, Any]:
    """The next frame that is an answer. What the server says unasked is skipped."""
    data = b""
    while True:
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {data!r}")
        *whole, data = (data + piece).split(end)
        for frame in whole:
            found: dict[str, Any] = json.loads(frame)
            if found.get("errno"):
                raise RuntimeError(f"the server says {frame!r}")
            if "seq" in found or found["msgid"] in ANSWERS:
                return found


def all_ask(socks: Sequence[Connection], request: Callable[[int], bytes]) -> list[Any]:
    """Send the request of each socket, by its position, then collect the answers."""
    for position, sock in enumerate(socks):
        sock.sendall(request(position))
    return [answer(sock) for sock in socks]


def register(port: int, count: int, prefix: str = "user") -> list[int]:
    """Make so many users, all with the password `secret`; return their ids."""
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
    """Make groups of these users; return the groups' ids. Names come from the creators' ids."""
    ids, joining = [], defaultdict(list)
    for number, (creator, *others) in enumerate(groups):
        sock = connect(port)
        ask(sock, frames.login(creator, 2))
        name = b"group %d of %d" % (number, creator)
        made = ask(sock, b'{"msgid":1007,"groupname":"%b","seq":1}\n' % name)
        ids.append(made["groupid"])
        log_out([sock])
        for user in others:
            joining[user].append(frames.join(made["groupid"]))
    let_ask(port, joining)
    return ids


def register_pairs(port: int, count: int, prefix: str = "user") -> list[int]:
    """Make so many users. Each of the second half has one of the first half on their list."""
    ids = register(port, count, prefix)
    befriend(port, zip(ids[: count // 2], ids[count // 2 :], strict=True))
    return ids


def befriend(port: int, pairs: Iterable[tuple[int, int]]) -> None:
    """Put the first of each pair on the second one's list, so that the first may go on writing."""
    listing = defaultdict(list)
    for friend, user in pairs:
        listing[user].append(b'{"msgid":1006,"friendid":%d,"seq":1}\n' % friend)
    let_ask(port, listing)


def let_ask(port: int, requests: Mapping[int, Sequence[bytes]]) -> None:
    """Log each of these users in, send all their requests, and log them out again."""
    for batch in batches(requests):
        socks = [connect(port) for _ in batch]
        all_ask(socks, lambda at, users=batch: frames.login(users[at], 2))  # type: ignore[misc]
        for turn in itertools.zip_longest(*(requests[user] for user in batch)):
            asking = [(sock, one) for sock, one in zip(socks, turn, strict=True) if one]
            some = [sock for sock, _ in asking]
            all_ask(some, lambda at, asking=asking: asking[at][1])  # type: ignore[misc]
        log_out(socks)


def log_out(socks: Sequence[Connection]) -> None:
    all_ask(socks, lambda _: b'{"msgid":1002,"seq":9}\n')
    close(socks)


def close(socks: Sequence[Connection]) -> None:
    for sock in socks:
        sock.close()


def log_in(port: int, users: Sequence[int], version: int, *, web: bool = False) -> list[Connection]:
    """Log these users in, and return their connections. web: over WebSockets."""
    socks: list[Connection] = []
    begin = WebSocket if web else connect
    end = frames.end_of(version)
    for batch in batches(users):
        new = [begin(port, len(socks) + at) for at in range(len(batch))]
        for sock, user in zip(new, batch, strict=True):
            sock.sendall(frames.login(user, version))
        for sock in new:
            answer(sock, end)
        socks += new
    for sock in socks:
        sock.settimeout(None)  # otherwise each call would be two system calls
    return socks
