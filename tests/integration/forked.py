"""Our programs in processes of their own, which have their imports done already.

Imports are nearly all of a program's start, and were half of the cost of all these tests. Each
process that runs tests has one `tests.integration.nursery`, which has done them.
"""

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

ENDS_WITHIN = 60.0  # seconds; a busy machine is slow

_ROOT = Path(__file__).parents[2]
_ASKING = threading.Lock()


class HasNumber(Protocol):
    """A file, or a socket."""

    def fileno(self) -> int: ...


class Forked:
    """`python -m MODULE ARGUMENTS`, with as much of `subprocess.Popen` as is needed here.

    It ends with the process that started it, at once and even if it hangs. files: its standard
    input, output and error.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        files: Iterable[HasNumber],
        *,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        request = json.dumps([module, arguments, str(_ROOT), dict(env)])
        self._status, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far_end:
            numbers = [file.fileno() for file in (far_end, *files)]
            with _ASKING:
                socket.send_fds(_nursery()[0], [request.encode()], numbers)
        self.returncode: int | None = None
        self.pid = int(self._status.recv(100))

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float) -> int:
        """Return its exit status. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._status.settimeout(timeout)
            try:
                self.returncode = int(self._status.recv(100))
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired("it", timeout) from None
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def ended(
    module: str,
    arguments: Sequence[str],
    *,
    stdin: str = "",
    stdout: IO[bytes] | None = None,
    env: Mapping[str, str] = os.environ,
) -> "subprocess.CompletedProcess[str]":
    """Run a program that ends by itself. stdout: gets its output instead of the caller."""
    with TemporaryFile() as given, TemporaryFile() as said, TemporaryFile() as complaints:
        given.write(stdin.encode())
        given.seek(0)
        process = Forked(module, arguments, (given, stdout or said, complaints), env=env)
        try:
            status = process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            process.kill()
        for file in said, complaints:
            file.seek(0)
        told = said.read().decode(), complaints.read().decode()
        assert status is not None, f"{module} {arguments} does not end: {told}"
        return subprocess.CompletedProcess(arguments, status, *told)


@functools.cache
def _nursery() -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """The socket for requests, and the nursery. It ends with this process, which alone has the
    socket."""
    door, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with far_end:
        command = [sys.executable, "-m", "tests.integration.nursery", str(far_end.fileno())]
        return door, subprocess.Popen(command, cwd=_ROOT, pass_fds=[far_end.fileno()])
