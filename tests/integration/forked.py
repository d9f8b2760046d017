"""Our programs in processes of their own, which need not import anything any more.

That is nearly all that they do at their start, and was half of what all these tests cost. See
`tests.integration.nursery`, of which there is one for each process that runs tests.
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

ENDS_WITHIN = 60.0  # seconds; a busy machine takes its time

_ROOT = Path(__file__).parents[2]
_ASKING = threading.Lock()


class HasNumber(Protocol):
    """A file, or a socket."""

    def fileno(self) -> int: ...


class Forked:
    """`python -m MODULE ARGUMENTS`, and as much of `subprocess.Popen` as is needed here.

    It ends with the process that has started it, at once and even where it hangs. files: where it
    reads, writes and complains.
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
        """Its exit status. Raises subprocess.TimeoutExpired."""
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
    """One that ends by itself. stdout: where its answer goes, instead of being returned."""
    with TemporaryFile() as given, TemporaryFile() as said, TemporaryFile() as complaints:
        given.write(stdin.encode())
        given.seek(0)
        process = Forked(module, arguments, (given, stdout or said, complaints), env=env)
        try:
            status = process.wait(ENDS_WITHIN)
        finally:
            process.kill()
        for file in said, complaints:
            file.seek(0)
        told = said.read().decode(), complaints.read().decode()
        return subprocess.CompletedProcess(arguments, status, *told)


@functools.cache
def _nursery() -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """Where it is asked, and itself. It ends with this process, for nobody else has that."""
    door, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with far_end:
        command = [sys.executable, "-m", "tests.integration.nursery", str(far_end.fileno())]
        return door, subprocess.Popen(command, cwd=_ROOT, pass_fds=[far_end.fileno()])
