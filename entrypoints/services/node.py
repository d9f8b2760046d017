"""A node of ours, and the preparation of the database before the first node."""

import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from entrypoints.services.errors import DidNotStart
from entrypoints.services.ports import LOOPBACK, require_free
from entrypoints.services.program import Program, last_line, run

ROOT = Path(__file__).parents[2]  # the directory for `python -m entrypoints...`


class Node(Program):
    """`python -m entrypoints.tcp_server PORT OPTIONS`, with ports for operators and browsers."""

    DIRECTORY = ROOT

    def __init__(
        self,
        name: str,
        log: Path,
        port: int,
        *,
        http_port: int,
        web_port: int,
        options: Sequence[str],
    ) -> None:
        self.port = port
        self.operators = f"http://{LOOPBACK}:{http_port}"
        self._ports = port, http_port, web_port
        more = ("--http-port", str(http_port), "--web-port", str(web_port))
        self._options = [*options, *more]
        super().__init__(name, log)

    def check(self) -> None:
        for port in self._ports:
            require_free(port)

    def command(self) -> Sequence[str | Path]:
        return [sys.executable, "-um", "entrypoints.tcp_server", str(self.port), *self._options]

    def answers(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def initialise_database(store: str, log: Path) -> None:
    """Create our tables unless they exist. Raises DidNotStart."""
    command = [sys.executable, "-m", "entrypoints.manage", "init-db"]
    if run(command, log, cwd=ROOT, env=os.environ | {"CHAT_STORE": store}):
        raise DidNotStart("entrypoints.manage init-db", last_line(log.read_bytes()), log)
