"""A private database server with a database `chat` and a user of the same name.

The database keeps the server's default character set (latin1 in MariaDB 10.11). So tests notice a
schema that does not state its own.
"""

import os
import shutil
import socket
import subprocess
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from entrypoints.services.errors import DidNotStart
from entrypoints.services.ports import LOOPBACK, free_port, require_free
from entrypoints.services.program import Program, find_program, last_line, number_in, run

USER = DATABASE = "chat"
PASSWORD = "chat"  # noqa: S105  # of a database that only this machine can reach

# Carried out at each start, before the server accepts connections.
_SETUP = f"""\
CREATE DATABASE IF NOT EXISTS {DATABASE};
CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON `{DATABASE}%`.* TO '{USER}'@'%';
"""
_GREETING = 10  # the protocol's version, at the head of the server's first packet
_HEADER = 4  # bytes of a packet before its content


class DatabaseServer(Program):
    """directory: keeps the data, created at the first start and used again later. The user may
    create databases whose names begin with `chat`.

    fast: trades durability for speed. setup: statements, one per line, carried out at each start
    with all privileges.
    """

    NAME: ClassVar[str]
    # Options: for data that need not survive a power cut; to offer no TLS.
    FAST: ClassVar[Sequence[str]]
    WITHOUT_TLS: ClassVar[Sequence[str]]

    @abstractmethod
    def server(self) -> Sequence[str]:
        """The server's command, with options that must be its first. Raises MissingProgram."""

    @abstractmethod
    def installer(self) -> Sequence[str]:
        """The same of the program that creates the data. Raises MissingProgram."""

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        fast: bool = False,
        options: Sequence[str] = (),
        setup: str = "",
    ) -> None:
        self._setup = _SETUP + setup
        self.port = port or free_port()
        self._home = directory.absolute()
        self.data = self._home / "data"  # the server's own files, and nothing else
        self.socket = self.data / "server.sock"
        self._pid_file = self._home / "server.pid"
        self.options = (*(self.FAST if fast else ()), *options)
        super().__init__(self.NAME, self._home / f"{self.NAME}.log")

    def url(self, database: str = DATABASE) -> str:
        return f"mysql://{USER}:{PASSWORD}@{LOOPBACK}:{self.port}/{database}"

    def check(self) -> None:
        self.server()
        self.installer()
        require_free(self.port)

    def command(self) -> Sequence[str | Path]:
        self._make_data()
        setup = self._home / "setup.sql"
        setup.write_text(self._setup)
        return [
            *self.server(),
            f"--datadir={self.data}",
            # Relative to the data: an absolute path may be too long for a socket.
            f"--socket={self.socket.name}",
            f"--pid-file={self._pid_file}",
            f"--tmpdir={self._home}",
            f"--init-file={setup}",
            f"--bind-address={LOOPBACK}",
            f"--port={self.port}",
            "--skip-name-resolve",
            *_as_whom(),
            *self.options,
        ]

    def answers(self) -> bool:
        return number_in(self._pid_file) == self.pid and self._greets()

    def _greets(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                return connection.recv(_HEADER + 1)[_HEADER:] == bytes([_GREETING])
        except OSError:
            return False

    def query(self, sql: str, database: str = "") -> str:
        """The output of MariaDB's own client: columns without headers. For tests and by hand."""
        command = [
            find_program("mariadb", "mariadb-client"),
            "--no-defaults",
            f"--host={LOOPBACK}",
            f"--port={self.port}",
            f"--user={USER}",
            f"--password={PASSWORD}",
            "--default-character-set=utf8mb4",
            "--skip-column-names",
            "--batch",
            database,
        ]
        done = subprocess.run(  # noqa: S603  # a command of our own making
            command, input=sql, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _make_data(self) -> None:
        if self.data.exists():
            return
        unfinished = self._home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        log = self._home / "install.log"
        command = [
            *self.installer(),
            f"--datadir={unfinished}",
            f"--tmpdir={self._home}",
            *_as_whom(),
        ]
        if code := run(command, log):
            program = Path(command[0]).name
            why = f"{program} ended with status {code}: {last_line(log.read_bytes())}"
            raise DidNotStart(self.name, why, log)
        unfinished.rename(self.data)  # so that an interrupted installation is started again


def _as_whom() -> list[str]:
    """Root must state that it means root; other users must not state any."""
    return ["--user=root"] if os.geteuid() == 0 else []
