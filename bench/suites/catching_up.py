"""A device comes back and is sent what it has missed in 200 conversations.

The time runs from the first byte of its RESUME to the last byte of what it has missed. Others have
written more to each other since than a server keeps in memory, so the server reads everything from
the database.
"""

import time
from collections.abc import Iterator
from typing import Any

import attrs

from bench import clients, frames
from bench.away import Away, send
from bench.lines import Line, plain, spread
from bench.measuring import connect, cpu_of
from bench.processes import Listener, server
from bench.suites.options import Options
from bench.taking import Taking

CONVERSATIONS = 200
MISSED = {10: None, 1_000: None, 4_000: 300}  # messages, and within how many ms it has to catch up
TOO_MANY = 100_000  # above 5,000 it is told `reset` instead, and asks for pages
BETWEEN_OTHERS = 10_000  # messages; the server keeps the last 8,192
TIMES = 5  # in each run


@attrs.frozen
class Device:
    """A device that can come back by `token`. head: the position of the last message to it; up to
    there, the log has no other messages."""

    token: str
    epoch: str
    head: int


def lines(options: Options) -> Iterator[Line]:
    with server(options.sqlite("catching-up"), root=options.root) as chat:
        device = _prepare(chat.port)
        for count in (*MISSED, TOO_MANY):
            runs = [_run(chat, device, count) for _ in range(options.runs)]
            costs = [cost for _, cost in runs]
            name = f"missed {count:,} in {CONVERSATIONS} conversations"
            if count == TOO_MANY:
                yield plain(f"{name}: until reset", "ms", [ms for ms, _ in runs])
            else:
                each = spread([cost / count for cost in costs])
                name = f"{name}: until caught up"
                took = [ms for ms, _ in runs]
                yield plain(name, "ms", took, cpu_us=each, at_most=MISSED[count])


def _prepare(port: int) -> Device:
    """Write TOO_MANY messages to a user who is away, then BETWEEN_OTHERS."""
    senders = clients.register(port, CONVERSATIONS, prefix="sender")
    user, other, another = clients.register(port, 3, prefix="other")
    clients.befriend(port, [*((sender, user) for sender in senders), (other, another)])
    answer = _login(port, user)
    _write(port, senders, [user] * CONVERSATIONS, TOO_MANY // CONVERSATIONS)
    head = _login(port, another)["head"]
    _write(port, [other], [another], BETWEEN_OTHERS)
    return Device(answer["token"], answer["epoch"], head)


def _login(port: int, user: int) -> dict[str, Any]:
    sock = connect(port)
    answer = clients.ask(sock, frames.login(user, 2))
    sock.close()
    return answer


def _write(port: int, senders: list[int], recipients: list[int], count: int) -> None:
    socks = clients.log_in(port, senders, 2)
    send(Away(socks, senders, list(map(frames.one, recipients)), 16), count)
    clients.log_out(socks)


def _run(chat: Listener, device: Device, count: int) -> tuple[float, float]:
    """The ms until a device has everything, and the µs of CPU that it took, each a mean."""
    used, took = cpu_of(chat.pid), 0.0
    for _ in range(TIMES):
        began = time.perf_counter()
        _come_back(chat.port, device, count)
        took += time.perf_counter() - began
        time.sleep(0.02)  # for the rest of the work at a session's end
    return took * 1e3 / TIMES, (cpu_of(chat.pid) - used) * 1e6 / TIMES


def _come_back(port: int, device: Device, count: int) -> None:
    sock = connect(port)
    sock.sendall(frames.resume(device.token, device.head - count, device.epoch))
    if count == TOO_MANY:
        assert clients.answer(sock)["reset"]
    else:
        taking, got = Taking(sock.send), -1  # the answer is no chat
        while got < count:
            data = sock.recv(65536)
            if not data or b'"error"' in data:
                raise RuntimeError(f"the server says {data[:1000]!r}")
            new = frames.chats_in(data)
            got += new
            taking.got(data, new)
        assert b'"reset"' not in data
    sock.close()
