"""Counts the processor's instructions for a message: `python -m bench.instructions`.

Valgrind counts what a program executes, without the kernel. The program is stopped while all
senders write one message each, so that its event loop reads all of them in one turn. So the counts
of two runs differ by less than 1 %, whatever else the machine has to do.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from bench import clients, frames
from bench.generator import log_in_at_relay
from bench.processes import CHEAP, UNLIMITED, Listener
from bench.web import Connection

CLIENTS = 100
WARM_UP, ROUNDS = 5, 40
STARTS_WITHIN = 240.0  # seconds
ANSWERED_WITHIN = 60.0
GROUPS = 0, 10, 50  # sizes; 0: one to one

_SUMMARY = re.compile(r"^summary: (\d+)", re.MULTILINE)
_THREAD = re.compile(r"^thread: (\d+)", re.MULTILINE)


@attrs.frozen
class Program:
    """name: of what is measured. arguments: its module and its arguments; `{}` is its database."""

    name: str
    arguments: Sequence[str]
    is_relay: bool = False


PROGRAMS = (
    Program("server", ("bench.unticked", "0", "--store", "sqlite:///{}", *CHEAP, *UNLIMITED)),
    Program("relay that logs", ("bench.logging_relay", "{}", "disk"), is_relay=True),
)


@attrs.frozen
class Work:
    """What is counted: messages of clients of one version, to groups of one size or one to one."""

    version: int
    group: int

    def users_of(self, port: int) -> list[int]:
        make = clients.register if self.group else clients.register_pairs
        return make(port, CLIENTS)

    def groups_among(self, users: Sequence[int]) -> list[list[int]]:
        size = self.group
        return [list(users[at : at + size]) for at in range(0, CLIENTS, size)] if size else []

    @property
    def deliveries(self) -> int:
        """Of a round."""
        return CLIENTS // self.group * (self.group - 1) if self.group else CLIENTS // 2


@attrs.frozen
class Senders:
    """nexts: the messages of each sender, by its position in `socks`. expected: how many frames
    come to each client in a round."""

    pid: int
    version: int
    socks: Sequence[Connection]
    nexts: Mapping[int, frames.Next]
    expected: Mapping[int, int]

    def run(self, rounds: int) -> None:
        for _ in range(rounds):
            os.kill(self.pid, signal.SIGSTOP)
            _await_stop(self.pid)
            for position, message in self.nexts.items():
                self.socks[position].sendall(message())
            os.kill(self.pid, signal.SIGCONT)
            for position, count in self.expected.items():
                self._receive(self.socks[position], count)

    def _receive(self, sock: Connection, count: int) -> None:
        end = frames.end_of(self.version)
        while count > 0:
            data = sock.recv(65536)
            if not data or b'"errno"' in data:
                raise RuntimeError(f"the server says {data!r}")
            count -= data.count(end)


def _await_stop(pid: int) -> None:
    stat = Path(f"/proc/{pid}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.001)


def _senders(program: Program, work: Work, server: Listener) -> Senders:
    port, version = server.port, work.version
    if program.is_relay:
        users = list(range(1, CLIENTS + 1))
        among = work.groups_among(users)
        ids = [1_000_000 + number for number in range(len(among))]
        socks = log_in_at_relay(port, users, ids or None, version)
    else:
        users = work.users_of(port)
        among = work.groups_among(users)
        ids = clients.make_groups(port, among) if among else []
        socks = clients.log_in(port, users, version)
    for sock in socks:
        sock.settimeout(ANSWERED_WITHIN)
    acks = version - 1  # version 1 has none
    half = CLIENTS // 2
    if among:
        size = work.group
        to = {number * size: frames.group(group_id) for number, group_id in enumerate(ids)}
        expected = {position: 1 for position in range(CLIENTS) if position not in to}
    else:
        to = {position: frames.one(users[position + half]) for position in range(half)}
        expected = {position + half: 1 for position in to}
    nexts = {at: frames.messages(version, users[at], whom) for at, whom in to.items()}
    return Senders(server.pid, version, socks, nexts, expected | dict.fromkeys(nexts, acks))


def count(program: Program, work: Work, directory: Path) -> dict[str, float]:
    """The instructions for a delivery, of the event loop and of all other threads."""
    out = directory / "callgrind"
    valgrind = (
        "valgrind",
        "--tool=callgrind",
        "--separate-threads=yes",
        "--instr-atstart=no",
        f"--callgrind-out-file={out}",
    )
    arguments = [one.format(directory / "log.db") for one in program.arguments]
    with Listener(*arguments, prefix=valgrind, starts_within=STARTS_WITHIN) as server:
        senders = _senders(program, work, server)
        senders.run(WARM_UP)
        _control("--instr=on", server.pid)
        senders.run(ROUNDS)
        _control("--dump", server.pid)
        clients.close(senders.socks)
    found = {"loop": 0.0, "others": 0.0}
    for file in directory.glob("callgrind.1-*"):
        text = file.read_text()
        thread, summary = _THREAD.search(text), _SUMMARY.search(text)
        assert thread is not None
        assert summary is not None
        name = "loop" if thread[1] == "1" else "others"
        found[name] += int(summary[1]) / (ROUNDS * work.deliveries)
    return found


def _control(option: str, pid: int) -> None:
    command = ("/usr/bin/env", "callgrind_control", option, str(pid))
    subprocess.run(command, check=True, capture_output=True)


def main() -> int:
    argparse.ArgumentParser(prog="python -m bench.instructions", description=__doc__).parse_args()
    if shutil.which("valgrind") is None:
        print("this needs valgrind", file=sys.stderr)
        return 1
    print(f"{'instructions for a delivery':40} {'event loop':>10} {'others':>10}")
    for work in (Work(version, group) for group in GROUPS for version in (1, 2)):
        to = f"groups of {work.group}" if work.group else "p2p"
        for program in PROGRAMS:
            with tempfile.TemporaryDirectory(prefix="chat-bench-") as directory:
                found = count(program, work, Path(directory))
            name = f"{program.name}, {to}, version {work.version}"
            print(f"{name:40} {found['loop']:10,.0f} {found['others']:10,.0f}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
