"""The log of a real server, as a log collector sees it."""

import fcntl
import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest

from entrypoints.services.ports import LOOPBACK, free_port
from entrypoints.services.program import wait_until
from tests.integration.raw_client import PATIENCE, RawClient
from tests.integration.server_process import ROOT, SERVER, ServerProcess

PASSWORD, TEXT = "open sesame", "for nobody else"


def endings(server: ServerProcess) -> list[dict[str, Any]]:
    """The lines about connections; all lines have to be JSON."""
    lines = [json.loads(line) for line in server.log.splitlines()]
    return [line for line in lines if line["event"].startswith("connection")]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def refused(server: ServerProcess) -> None:
    with closing(RawClient(server.port)) as client:
        client.wait_for_close()


def test_every_connection_ends_with_one_line() -> None:
    """The line says why, and whose it was. A flood of refused connections has few lines."""
    options = ["--connections", "10", "--connections-per-address", "0"]
    with ServerProcess("memory://", *options) as server:
        with closing(RawClient(server.port)) as ann:
            user = ann.register("Ann", PASSWORD)
            session = ann.login(PASSWORD)["session"]
            at = ann.ask({"msgid": 1005, "toid": user, "msg": TEXT})["at"]
            ann.send_bytes(b"x" * 70_000)
            ann.wait_for_close()
        server.says("frame_too_long")
        with closing(RawClient(server.port)) as stranger:
            stranger.ask({"msgid": 1012})
        server.says("client_closed")
        crowd = [RawClient(server.port) for _ in range(10)]
        for client in crowd:
            client.ask({"msgid": 1012})
        for _ in range(50):
            refused(server)
        assert server.stop() == 0
        for client in crowd:
            client.close()
        told, left, *others = endings(server)
        assert PASSWORD not in server.log
        assert TEXT not in server.log
    assert (told["reason"], told["session"], told["user"]) == ("frame_too_long", session, user)
    assert (told["level"], told["address"], told["at"]) == ("info", "127.0.0.1", at)
    assert left["connection"] != told["connection"]
    assert "session" not in left
    count = {"too_many_connections": 0, "shutting_down": 0}
    for line in others:
        count[line["reason"]] += line.get("count", 1)
    assert count == {"too_many_connections": 50, "shutting_down": 10}
    assert len(others) < sum(count.values())


def test_a_variable_that_is_no_setting_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its name is told, since its value may have a password."""
    monkeypatch.setenv("CHAT_STOER", "mysql://chat:hunter2@db/chat")
    with ServerProcess("memory://") as server:
        server.says('"variables": ["CHAT_STOER"], "event": "these variables are not settings"')
        assert "hunter2" not in server.log


@pytest.mark.parametrize("start", ['exec "$@"', 'exec "$@" 2>&-'], ids=["a full pipe", "none"])
def test_it_serves_though_nobody_can_read_its_log(start: str) -> None:
    """Users go on chatting without a log."""
    read, write = os.pipe()
    os.write(write, bytes(fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 1)))
    port = free_port()
    command = [sys.executable, *SERVER, str(port), "--store", "memory://"]
    with subprocess.Popen(
        ["/bin/sh", "-c", start, "sh", *command], cwd=ROOT, stderr=write
    ) as server:
        try:
            assert wait_until(lambda: listens(port), PATIENCE)
            with RawClient(port) as client:
                client.register("Ann", PASSWORD)
                client.login(PASSWORD)
            server.terminate()
            assert server.wait(PATIENCE) == 0
        finally:
            server.kill()
            os.close(write)
            os.close(read)
