"""The cluster for trying things out: it starts, serves, shows what happens, and leaves nothing."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from entrypoints.services.ports import free_pair, free_port
from entrypoints.services.program import wait_until
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ROOT
from tests.integration.web_client import asked, get

STARTS_WITHIN = 90.0  # seconds: it installs a database
PATIENCE = 60.0
MARK = "TEST_OF_LOCAL_CLUSTER"  # in the environment of everything that is started


class RunningCluster:
    """`python -m entrypoints.local_cluster` with two nodes, and its output."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.port = free_port()
        self._said = directory / "said"
        ports = {"": self.port, "node-": free_pair(), "mariadb-": free_port()}
        ports |= {"redis-": free_port(), "http-": free_pair(), "web-node-": free_pair()}
        self.web_port = ports["web-"] = free_port()
        if "--temporary" not in options:
            options = (f"--directory={directory}/cluster", *options)
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "entrypoints.local_cluster", "--nodes", "2"),
                    *(f"--{name}port={port}" for name, port in ports.items()),
                    *options,
                ],
                cwd=ROOT,
                env=os.environ
                | {
                    MARK: str(directory),
                    "CHAT_HASHING": "cheap",
                    "TMPDIR": str(directory / "temporary"),
                },
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    def wait_until_said(self, pattern: str, seconds: float = PATIENCE) -> "re.Match[str]":
        wait_until(
            lambda: bool(re.search(pattern, self.said)) or self._process.poll() is not None, seconds
        )
        found = re.search(pattern, self.said)
        assert found, self.said
        return found

    def process_of(self, name: str) -> int:
        return int(self.wait_until_said(rf"\n  {name} +127\S+ +(\d+)")[1])

    def end(self, number: int = signal.SIGINT) -> int:
        self._process.send_signal(number)
        return self._process.wait(PATIENCE)

    def wait(self, seconds: float) -> int:
        return self._process.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.write(self.said)  # pytest shows it if the test fails
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextlib.contextmanager
def started(directory: Path, *options: str) -> Iterator[RunningCluster]:
    with RunningCluster(directory, *options) as cluster:
        cluster.wait_until_said("To stop: Ctrl-C", STARTS_WITHIN)
        yield cluster


@pytest.fixture
def directory(home: Path) -> Iterator[Path]:
    """A directory for a cluster. When the test is over, none of its processes may be left."""
    with tempfile.TemporaryDirectory(dir=home) as folder:
        directory = Path(folder)
        yield directory
        assert wait_until(lambda: not processes_of(directory), PATIENCE), processes_of(directory)


def processes_of(directory: Path) -> list[str]:
    """The commands of all processes that a cluster there has started, directly or not."""
    mark = f"{MARK}={directory}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def test_it_serves_and_keeps_what_it_was_told(directory: Path) -> None:
    """Ctrl-C ends all of it in good order, and the next time everything is there again."""
    with started(directory) as cluster:
        with RawClient(cluster.port) as anna:
            user_id = anna.register("anna")
            anna.login()
        assert asked(cluster.web_port, get()).status == 200
        assert cluster.end(signal.SIGINT) == 0
        assert processes_of(directory) == []
    with started(directory) as cluster:
        with RawClient(cluster.port) as anna:
            anna.id = user_id
            anna.login()
        assert cluster.end(signal.SIGTERM) == 0
        assert processes_of(directory) == []


def test_what_it_says_to_type_works(directory: Path) -> None:
    """Every command works as printed, whatever directory the other terminal is in."""
    with started(directory) as cluster:
        block = cluster.said.partition("In another terminal")[2].partition("To stop: Ctrl-C")[0]
        move, *commands = re.findall(r"^  (\S.*)$", block, re.MULTILINE)
        client, manage, *curls = commands
        assert "=== logged in as anna" in pasted(f"{move}\n{client}", directory, stdin=TALK)
        assert len(re.findall(r"\n\S+-\d+-\S* +\d+", pasted(f"{move}\n{manage}", directory))) == 2
        assert [pasted(curl, directory) for curl in curls[:2]] == ["ready\n", "ready\n"]
        assert "chat_sessions 0.0\n" in pasted(curls[2], directory)
        assert len(curls) == 3


TALK = "2\nanna\nsecret\n1\nanna\nsecret\n/quit\n"


def pasted(command: str, directory: Path, stdin: str = "") -> str:
    """The output of a command in a shell that is in another directory."""
    return subprocess.run(
        ["bash", "-ec", command],
        cwd=directory,
        input=stdin,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=True,
    ).stdout


def test_it_says_who_has_ended_and_shows_what_nodes_log(directory: Path) -> None:
    """Each line has the name of its process, for people to read. The others go on, which is what a
    cluster is for."""
    with started(directory) as cluster:
        os.kill(cluster.process_of("node1"), signal.SIGKILL)
        cluster.wait_until_said("node1 has ended by SIGKILL")
        with RawClient(cluster.port) as anna:
            assert anna.is_alive()
        os.kill(cluster.process_of("node2"), signal.SIGTERM)
        cluster.wait_until_said(r"\nnode2 +\| \d\d:\d\d:\d\d stopped\n")


def test_nothing_outlives_it(directory: Path) -> None:
    """This holds even if it is killed and cannot end anything."""
    with started(directory) as cluster:
        assert cluster.end(signal.SIGKILL) == -signal.SIGKILL
        assert wait_until(lambda: not processes_of(directory), PATIENCE)


def test_it_can_be_stopped_while_it_starts(directory: Path) -> None:
    """Ctrl-C works at any moment."""
    with RunningCluster(directory) as cluster:
        cluster.wait_until_said("Starting MariaDB")
        assert cluster.end(signal.SIGINT) == 0
        # the system needs a moment to remove killed processes
        assert wait_until(lambda: not processes_of(directory), PATIENCE)


def test_a_temporary_one_leaves_no_files(directory: Path) -> None:
    """It leaves neither data nor logs."""
    temporary = directory / "temporary"
    temporary.mkdir()
    with started(directory, "--temporary") as cluster:
        assert len(list(temporary.iterdir())) == 1
        assert cluster.end() == 0
    assert list(temporary.iterdir()) == []


def test_a_port_in_use_is_one_line(directory: Path) -> None:
    """Nothing is started before all ports are known to be free."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with RunningCluster(directory, f"--port={port}") as cluster:
            assert cluster.wait(PATIENCE) == 1
            assert cluster.said == f"cluster: cannot use port {port}: Address already in use\n"


@pytest.mark.parametrize("port", [99_999, -1])
def test_a_port_that_does_not_exist_is_one_line(directory: Path, port: int) -> None:
    """Nothing is started then, either."""
    with RunningCluster(directory, f"--port={port}") as cluster:
        assert cluster.wait(PATIENCE) == 1
        assert cluster.said == f"cluster: cannot use port {port}: there is no such port\n"


def test_a_missing_program_is_one_line(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the package that has it."""
    monkeypatch.setenv("PATH", str(directory))
    with RunningCluster(directory) as cluster:
        assert cluster.wait(PATIENCE) == 1
        (line,) = cluster.said.splitlines()
        assert "apt-get install mariadb-server" in line
