"""The real server in a process of its own, which a test can kill and start again."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.integration.forked import Forked, ended

ROOT = Path(__file__).parents[2]
SERVER = ("-m", "entrypoints.tcp_server")  # Python's arguments before the port
STARTS_WITHIN = 60.0  # seconds; a busy machine is slow
STOPS_WITHIN = 60.0

_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


def ended_server(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a server that ends by itself, since it cannot start with these arguments."""
    return ended(SERVER[1], arguments, env=os.environ | environment)


class ServerProcess:
    """`python -m entrypoints.tcp_server`, on a port of its own choice that it keeps when restarted.

    As a context manager it starts the server and always ends it. program: what to run, like SERVER.
    """

    def __init__(self, store: str, *options: str, program: Sequence[str] = SERVER) -> None:
        self.port = 0
        self._program = program
        # Tests register more users in a minute than an office does in a year.
        self._arguments = ["--store", store, "--registrations-per-hour", "0", *options]
        self._process: Forked | None = None
        self._log_begins = 0  # where the present process began to write
        # A file never makes the server wait, and needs no thread that reads it.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed in __exit__

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def log(self) -> str:
        """Everything that it has written, over all its lives. The file's offset stays, since that
        is where the server writes."""
        file = self._log.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")

    def says(self, text: str) -> None:
        """Wait until it has logged this."""
        patient_until = time.monotonic() + STARTS_WITHIN
        while text not in self.log:
            assert time.monotonic() < patient_until, f"it does not say {text!r}:\n{self.log}"
            time.sleep(0.01)

    def start(self) -> None:
        """Start it, also after a `kill` or `stop`, and wait until it accepts connections."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start it without waiting."""
        assert self._process is None, "it is running already"
        self._log_begins = len(self.log)
        _, module, *words = self._program
        words += [str(self.port), *self._arguments]
        env = os.environ | {"PYTHONUNBUFFERED": "1"}
        with Path(os.devnull).open() as nothing:
            self._process = Forked(module, words, (nothing, self._log, self._log), env=env)

    def wait_until_ready(self) -> None:
        """Return when it accepts connections."""
        patient_until = time.monotonic() + STARTS_WITHIN
        while (match := _LISTENING.search(self.log, self._log_begins)) is None:
            ended = self._running().poll() is not None
            assert not ended, f"the server has ended:\n{self.log}"
            assert time.monotonic() < patient_until, f"the server does not listen:\n{self.log}"
            time.sleep(0.01)
        self.port = int(match[1])

    def kill(self) -> None:
        """End it by SIGKILL, as abruptly as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it by SIGTERM; return its exit status."""
        return self._end(signal.SIGTERM)

    def suspend(self) -> None:
        """Let it hang: its connections stay, and it answers nothing."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def send(self, number: int) -> None:
        """Send it a signal."""
        self._running().send_signal(number)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.write(self.log)  # pytest shows it if the test fails
        self.close()

    def close(self) -> None:
        if self._process is not None:
            self.kill()
        self._log.close()

    def _running(self) -> Forked:
        assert self._process is not None, "it is not running"
        return self._process

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._running(), None
        process.send_signal(how)
        try:
            return process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOPS_WITHIN)
            raise
