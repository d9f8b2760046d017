"""A private Redis, which keeps nothing after its end: presence, and the broker's messages."""

import re
import socket
from collections.abc import Sequence
from pathlib import Path

from entrypoints.services.ports import LOOPBACK, free_port, require_free
from entrypoints.services.program import Program, find_program


class Redis(Program):
    """config: a file that is read before the options. login: name and password, neither with
    spaces, if checking whether it answers requires them."""

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        config: Path | None = None,
        options: Sequence[str] = (),
        login: tuple[str, str] | None = None,
    ) -> None:
        self.port = port or free_port()
        self._home = directory.absolute()
        self._config = config
        self._options = options
        self._login = "" if login is None else f"AUTH {login[0]} {login[1]}\r\n"
        super().__init__("redis", self._home / "redis.log")

    def url(self, login: str = "") -> str:
        """login: `name:password@`, if required."""
        return f"redis://{login}{LOOPBACK}:{self.port}"

    def check(self) -> None:
        find_program("redis-server", "redis-server")
        require_free(self.port)

    def command(self) -> Sequence[str | Path]:
        return [
            find_program("redis-server", "redis-server"),
            *((self._config,) if self._config else ()),
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
        """The process that listens on our port; 0 if it is not a Redis."""
        with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
            connection.sendall(f"{self._login}INFO server\r\n".encode())
            data = b""
            while piece := connection.recv(4096):
                data += piece
                if found := re.search(rb"process_id:(\d+)\r\n", data):
                    return int(found[1])
        return 0
