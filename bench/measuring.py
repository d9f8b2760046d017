"""The loop of a load, and what is counted while it runs."""

import operator
import os
import select
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import attrs

WARM_UP = 0.3  # seconds
IP_BIND_ADDRESS_NO_PORT = 24  # Linux's number; the module socket does not have it yet
DRAIN = 20.0  # seconds, at most, until the last answer has come

Handlers = dict[int, Callable[[], None]]


@attrs.define
class Meter:
    """What a load counts. on: whether each answer is followed by a new message."""

    on: bool = False
    count: int = 0
    latencies: list[int] = attrs.field(factory=list)  # ns

    def check(self, answers: bytes) -> None:
        """Raise an error if a sender got one."""
        if b'"errno"' in answers:
            raise RuntimeError(f"the server says {answers!r}")

    def restart(self) -> None:
        """Count anew."""
        self.count, self.latencies = 0, []


class Load(Protocol):
    """Work that the handlers of its sockets keep going while its meter is on."""

    meter: Meter
    handlers: Handlers

    def begin(self) -> None:
        """Send a window from every sender."""

    def is_idle(self) -> bool:
        """Whether everything that was sent has been answered and has reached its recipients."""


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used in all its threads, as the kernel counts them."""
    return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) computes


def loop_cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used in its first thread, which is the event loop's."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


class Poller:
    """Calls the handler of each socket that has something to read."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        self._epoll = select.epoll()
        for number in handlers:
            self._epoll.register(number, select.EPOLLIN)

    def forget_input(self) -> None:
        """Discard what came between two runs: the server's PING."""
        while ready := self._epoll.poll(0):
            for number, _ in ready:
                if not os.read(number, 65536):
                    raise RuntimeError("the server has closed a connection")

    def run(self, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
        handlers, poll, now = self._handlers, self._epoll.poll, time.monotonic
        until = now() + seconds
        while now() < until and not done():
            for number, _ in poll(0.05):
                handlers[number]()


def measure(load: Load, poller: Poller, seconds: float, pids: Sequence[int]) -> dict[str, Any]:
    """Let a load run for so long; return what came of it and what it cost these processes."""
    meter = load.meter
    poller.forget_input()
    meter.on = True
    load.begin()
    poller.run(WARM_UP)
    meter.restart()
    began, own = time.monotonic(), time.process_time()
    used = _used(pids)
    poller.run(seconds)
    took, own = time.monotonic() - began, time.process_time() - own
    all_cpu, loop_cpu = map(operator.sub, _used(pids), used)
    count, latencies = meter.count, sorted(meter.latencies)
    meter.on = False
    poller.run(DRAIN, load.is_idle)
    if not load.is_idle():
        raise RuntimeError("messages were lost")
    return {
        "rate": count / took,
        "cpu_us": all_cpu * 1e6 / max(count, 1),
        "loop_us": loop_cpu * 1e6 / max(count, 1),
        "busy": all_cpu / took,
        "generator_busy": own / took,
        "p50_ms": quantile(latencies, 0.50),
        "p99_ms": quantile(latencies, 0.99),
        "most_ms": quantile(latencies, 1),
    }


def _used(pids: Sequence[int]) -> tuple[float, float]:
    """Seconds of CPU that these processes have used, and how many of these their loops have."""
    return sum(map(cpu_of, pids)), sum(map(loop_cpu_of, pids))


def quantile(ordered: Sequence[int], part: float) -> float:
    return ordered[int(part * (len(ordered) - 1))] / 1e6 if ordered else 0.0


def connect(port: int, number: int = 0) -> socket.socket:
    """Make the connection of this `number`, which decides our address: each has ports for only some
    thousands."""
    sock = socket.socket()
    sock.settimeout(30)
    # Otherwise the kernel picks a port before it knows the destination, which takes milliseconds
    # once there are many connections.
    sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    sock.bind((f"127.0.0.{2 + number // 5000}", 0))
    sock.connect(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
