"""A private Redis, which keeps nothing beyond its end: presence and the broker's traffic."""

import re
import socket
from collections.abc import Sequence
from pathlib import Path

from entrypoints.services.ports import LOOPBACK, free_port, require_free
from entrypoints.services.program import Program, find_program


class Redis(Program):
    def __init__(
        self, directory: Path, port: int | None = None, *, options: Sequence[str] = ()
    ) -> None:
        self.port = port or free_port()
        self._home = directory.absolute()
        self._options = options
        super().__init__("redis", self._home / "redis.log")

    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}"

    def check(self) -> None:
        find_program("redis-server", "redis-server")
        require_free(self.port)

    def command(self) -> Sequence[str | Path]:
        return [
            find_program("redis-server", "redis-server"),
            *("--port", str(self.port)),
            *("--bind", LOOPBACK),
            *("--dir", self._home),
            *("--save", "", "--appendonly", "no"),
            *self._options,
        ]

    def answers(self) -> bool:
        try:
            return self._process_id() == self.pid
        except OSError:
            return False

    def _process_id(self) -> int:
        """Of whoever listens on our port; 0 where that is no Redis."""
        with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
            connection.sendall(b"INFO server\r\n")
            data = b""
            while piece := connection.recv(4096):
                data += piece
                if found := re.search(rb"process_id:(\d+)\r\n", data):
                    return int(found[1])
        return 0
