"""The private services do what their users rely on: they answer, obey, and end."""

import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from entrypoints.services.errors import DidNotStart, MissingProgram, PortUnusable
from entrypoints.services.mariadb import MariaDB
from entrypoints.services.ports import LOOPBACK
from entrypoints.services.program import Program, find_program, wait_until
from entrypoints.services.redis import Redis
from tests.integration.passing import PREFIX, passing_folder
from tests.integration.processes import is_gone
from tests.integration.server_process import ROOT


class Shell(Program):
    """Any shell command as a service, which answers once it has said so."""

    def __init__(self, directory: Path, script: str) -> None:
        self._script = script
        super().__init__("shell", directory / "shell.log")

    def check(self) -> None:
        """A shell is always installed."""

    def command(self) -> Sequence[str]:
        return ["/bin/sh", "-c", self._script]

    def answers(self) -> bool:
        return "ready" in self.output()


def test_mariadb_keeps_its_data(home: Path) -> None:
    """It does over a restart and over a kill."""
    with MariaDB(home / "keeps") as mariadb:
        mariadb.query("CREATE TABLE t (n INT); INSERT INTO t VALUES (7)", "chat")
        mariadb.restart()
        assert mariadb.query("SELECT n FROM t", "chat") == "7\n"
        mariadb.kill()
        mariadb.start()
        assert mariadb.query("SELECT n FROM t", "chat") == "7\n"
        assert mariadb.stop() == 0


def test_mariadb_has_the_default_character_set_and_works_where_paths_are_long(home: Path) -> None:
    """A schema that names no character set has to fail here and not at an operator's. A socket's
    path may have at most 107 bytes."""
    with MariaDB(home / ("x" * 120), fast=True) as mariadb:
        assert "latin1" in mariadb.query("SHOW CREATE DATABASE chat")


def test_a_paused_service_holds_its_connections_and_does_nothing(tmp_path: Path) -> None:
    """This is what a machine does that hangs."""
    with Redis(tmp_path) as redis:
        redis.pause()
        assert redis.is_running()
        assert not redis.answers()
        redis.resume()
        assert redis.answers()
        redis.pause()
        assert redis.stop() == 0


def test_a_killed_service_is_not_running(tmp_path: Path) -> None:
    """It can start again on its port."""
    with Redis(tmp_path) as redis:
        before = redis.pid
        assert redis.kill() == -9
        assert not redis.is_running()
        redis.start()
        assert redis.pid != before
        assert redis.answers()


def test_what_a_service_has_forked_ends_with_it(tmp_path: Path) -> None:
    """So a test leaves no process, whatever its services do."""
    shell = Shell(tmp_path, "sleep 1000 & echo $!; echo ready; wait").start()
    child = int(shell.output().split()[0])
    shell.kill()
    assert wait_until(lambda: is_gone(child), 10)


NODE = """
import signal, sys
from tests.integration.server_process import ServerProcess

with ServerProcess(sys.argv[1]) as node:
    node.send(signal.SIGSTOP)
    print(node.pid, flush=True)
    signal.pause()
"""


def test_a_node_of_a_test_ends_with_it(tmp_path: Path) -> None:
    """This holds even if the test is killed and cannot end anything while the node hangs."""
    with subprocess.Popen(
        [sys.executable, "-c", NODE, f"sqlite:///{tmp_path}/chat.db"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as test:
        assert test.stdout
        node = int(test.stdout.readline())
        assert not is_gone(node)
        test.kill()
    assert wait_until(lambda: is_gone(node), 10)


def test_who_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """Ending takes a bounded time."""
    shell = Shell(tmp_path, "trap '' TERM; echo ready; while :; do sleep 0.1; done").start()
    assert shell.stop(seconds=0.2) == -9


def test_who_ends_early_did_not_start(tmp_path: Path) -> None:
    """The error has its last output."""
    with pytest.raises(DidNotStart, match="shell did not start: no disk today"):
        Shell(tmp_path, "echo hello; echo no disk today; exit 3").start()


def test_who_does_not_answer_did_not_start(tmp_path: Path) -> None:
    """It is not left behind."""
    shell = Shell(tmp_path, "sleep 1000")
    shell.launch()
    with pytest.raises(DidNotStart, match="no answer within 0 s"):
        shell.wait_until_ready(0.1)
    assert not shell.is_running()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """This comes before anything is started."""
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortUnusable, match=f"port {port}: Address already in use"):
            Redis(tmp_path, port).start()


def test_a_missing_program_is_named_with_its_package() -> None:
    """So one line is enough to solve it."""
    with pytest.raises(MissingProgram, match=r"no-such-server .* apt-get install some-package"):
        find_program("no-such-server", "some-package")


def test_what_a_killed_run_of_tests_has_left_goes_with_the_next(tmp_path: Path) -> None:
    """The files of a run that goes on stay."""
    left = tmp_path / f"{PREFIX}left"
    (left / "mariadb").mkdir(parents=True)
    with passing_folder(tmp_path) as first:
        assert not left.exists()
        with passing_folder(tmp_path) as second:
            assert first.exists()
            assert second.exists()
    assert list(tmp_path.iterdir()) == []
