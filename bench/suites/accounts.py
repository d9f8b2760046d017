"""Registering, logging in by password, and resuming: each on a connection of its own."""

import itertools
import socket
import time
from collections.abc import Callable, Iterator, Sequence

from bench import clients, frames
from bench.lines import Line, plain, spread
from bench.measuring import connect, cpu_of
from bench.processes import CHEAP, Listener, server
from bench.suites.options import Options

AT_ONCE = 50
CONVERSATIONS = 20  # of each user who resumes
STRONG = "--hashing", "strong"  # the default: 35 ms of CPU for each password
Step = Callable[[], int]  # does a batch of something, and returns how many


def lines(options: Options) -> Iterator[Line]:
    with server(options.sqlite("strong"), *STRONG, root=options.root) as chat:
        registering = _Registering(chat.port)
        yield _line("register", chat, registering, options)
        logins = _LoggingIn(chat.port, registering.ids[:AT_ONCE])
        yield _line("login by password", chat, logins, options)
    with server(options.sqlite("cheap"), *CHEAP, root=options.root) as chat:
        yield _line("register, hashing left out", chat, _Registering(chat.port), options)
        resuming = _Resuming(chat.port, clients.register(chat.port, 8 * AT_ONCE, "resuming"))
        name = f"RESUME, {CONVERSATIONS} conversations, nothing missed"
        yield _line(name, chat, resuming, options, at_least=2500)


def _line(
    name: str, chat: Listener, step: Step, options: Options, at_least: float | None = None
) -> Line:
    rates, costs = [], []
    step()
    for _ in range(options.runs):
        began, used, count = time.monotonic(), cpu_of(chat.pid), 0
        while time.monotonic() - began < options.seconds:
            count += step()
        used = cpu_of(chat.pid) - used
        rates.append(count / (time.monotonic() - began))
        costs.append(used / count * 1e6)
    per_core = [1e6 / cost for cost in costs]
    return plain(
        name,
        "per CPU second",
        per_core,
        cpu_us=spread(costs),
        at_least=at_least,
        note=f"{spread(rates).median:,.0f} per second",
    )


class _Registering:
    def __init__(self, port: int) -> None:
        self._port = port
        self._batches = itertools.count()
        self.ids: list[int] = []

    def __call__(self) -> int:
        self.ids += clients.register(self._port, AT_ONCE, prefix=f"new {next(self._batches)}")
        return AT_ONCE


class _LoggingIn:
    def __init__(self, port: int, users: Sequence[int]) -> None:
        self._port, self._users = port, users

    def __call__(self) -> int:
        socks = [connect(self._port) for _ in self._users]
        clients.all_ask(socks, lambda at: frames.login(self._users[at], 2))
        clients.log_out(socks)
        return len(socks)


class _Resuming:
    def __init__(self, port: int, users: Sequence[int]) -> None:
        self._port = port
        self._converse(users)
        batches = clients.batches(users, AT_ONCE)
        self._turns = itertools.cycle([self._log_in(batch) for batch in batches])

    def _converse(self, users: Sequence[int]) -> None:
        """Let each user write to those behind them, so that all have CONVERSATIONS."""
        around = [*users, *users]
        requests = {}
        for place, user in enumerate(users, 1):
            to = around[place : place + CONVERSATIONS // 2]
            requests[user] = [frames.messages(2, user, frames.one(one))() for one in to]
        clients.let_ask(self._port, requests)

    def _log_in(self, users: Sequence[int]) -> list[bytes]:
        """The requests with which they come back later, having everything that was written."""
        socks = self._connect(len(users))
        answers = clients.all_ask(socks, lambda at: frames.login(users[at], 2))
        clients.close(socks)
        return [frames.resume(one["token"], one["head"], one["epoch"]) for one in answers]

    def __call__(self) -> int:
        requests = next(self._turns)
        socks = self._connect(len(requests))
        clients.all_ask(socks, lambda at: requests[at])
        clients.close(socks)
        return len(requests)

    def _connect(self, count: int) -> list[socket.socket]:
        return [connect(self._port) for _ in range(count)]
