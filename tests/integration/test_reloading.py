"""SIGHUP: a server reads its settings again and goes on serving."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from entrypoints.services.ports import free_port
from entrypoints.services.program import wait_until
from tests.integration.cluster import NodeProcess, Services
from tests.integration.processes import children_of
from tests.integration.raw_client import ERROR, PATIENCE, RawClient
from tests.integration.server_process import ROOT, ServerProcess


@attrs.frozen
class Configured:
    """A server whose settings are in a file."""

    server: ServerProcess
    file: Path

    def reload(self, text: str) -> None:
        self.file.write_text(text)
        os.kill(self.server.pid, signal.SIGHUP)


@contextmanager
def configured(directory: Path, text: str, *options: str) -> Iterator[Configured]:
    file = directory / "chat.toml"
    file.write_text(text)
    arguments = ["--config", str(file), "--hashing", "cheap", *options]
    with NodeProcess(f"sqlite:///{directory}/chat.db", *arguments) as server:
        yield Configured(server, file)


def refusal_of_registration(client: RawClient) -> str:
    """The name of the error for a registration."""
    answer = client.ask({"msgid": 1003, "name": "somebody", "password": "secret"})
    return str(answer["error"])


def test_new_settings_count_for_who_is_there(tmp_path: Path) -> None:
    """They also count for new clients. The server says which settings need a restart."""
    with configured(tmp_path, "members_per_group = 100\n") as it, RawClient(it.server.port) as anna:
        anna.register("anna")
        it.reload('registration = "closed"\nconnections = 1\nhttp_port = 9\nlog_level = "error"\n')
        it.server.says('"settings": ["http_port"]')
        assert refusal_of_registration(anna) == "registration_closed"
        with RawClient(it.server.port) as bert:
            assert bert.find_msgid(ERROR)["error"] == "too_many_connections"
        it.reload("")
        assert wait_until(lambda: it.server.log.count("configuration reloaded") == 2, PATIENCE)
        anna.register("bert")


def test_of_a_bad_file_nothing_counts(tmp_path: Path) -> None:
    """The log says why in one line, and everything goes on."""
    with configured(tmp_path, "") as it, RawClient(it.server.port) as anna:
        it.reload('registration = "closed"\nconnections = "many"\n')
        it.server.says("configuration not reloaded, the old one stays")
        it.server.says("connections = ")
        anna.register("anna")


def test_every_worker_and_its_successor_has_the_new_settings(
    cluster_services: Services, any_store: str, tmp_path: Path
) -> None:
    """The watcher tells those that run, and starts later ones with the same settings."""
    broker = ("--broker", cluster_services.redis.url(), "--broker-prefix", f"reload{os.getpid()}")
    file = tmp_path / "chat.toml"
    file.write_text("")
    options = ("--config", str(file), "--workers", "2", *broker)
    with NodeProcess(any_store, *options) as server:
        assert wait_until(lambda: server.log.count("listening") == 2, PATIENCE)
        file.write_text("connections = 'many'")
        os.kill(server.pid, signal.SIGHUP)
        server.says("configuration not reloaded")
        file.write_text("registration = 'closed'")
        os.kill(server.pid, signal.SIGHUP)
        assert wait_until(lambda: server.log.count("configuration reloaded") == 3, PATIENCE)
        assert server.log.count("configuration not reloaded") == 1
        for pid in children_of(server.pid):
            os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: server.log.count("listening") == 4, PATIENCE)
        with RawClient(server.port) as anna:
            assert refusal_of_registration(anna) == "registration_closed"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_ends_with_its_terminal(
    workers: int, cluster_services: Services, any_store: str, tmp_path: Path
) -> None:
    """A terminal that closes sends the same signal; otherwise nobody could stop the server."""
    terminal, end = os.openpty()
    log = tmp_path / "log"
    broker = ("--broker", cluster_services.redis.url(), "--broker-prefix", f"pty{os.getpid()}")
    options = ("--store", any_store, "--workers", str(workers), *broker)
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "entrypoints.tcp_server", str(free_port()), *options],
            cwd=ROOT,
            stdin=end,
            stderr=out,
        )
    try:
        os.close(end)
        assert wait_until(lambda: log.read_text().count("listening") == workers, PATIENCE)
        server.send_signal(signal.SIGHUP)
        assert wait_until(lambda: "configuration reloaded" in log.read_text(), PATIENCE)
        os.close(terminal)
        server.send_signal(signal.SIGHUP)
        assert server.wait(PATIENCE) == 0
    finally:
        server.kill()
        server.wait()
