"""A child process with a log file. Its start waits until it answers, and it is never left behind.

It has a process group of its own, for two reasons: Ctrl-C on the terminal reaches only its parent,
which ends it cleanly, and the processes that it forks can be ended with it. If the parent is
killed, the kernel sends SIGTERM to it (on Linux, where util-linux has setpriv).
"""

import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, ClassVar, Self

from entrypoints.services.errors import DidNotStart, MissingProgram

START_TAKES = 60.0  # seconds at most; a busy machine may need much of that
STOP_TAKES = 20.0  # seconds from SIGTERM to SIGKILL
POLL = 0.02  # seconds
_SYSTEM_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"  # servers are here; not in ordinary users' PATH


def find_program(program: str, package: str) -> str:
    """The program's path. package: for the error. Raises MissingProgram."""
    path = os.environ.get("PATH", os.defpath) + os.pathsep + _SYSTEM_PATHS
    found = shutil.which(program, path=path)
    if found is None:
        raise MissingProgram(program, package)
    return found


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Poll until this is true; return whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


class Program(ABC):
    """A program. Its subclasses say what its command is, and how to see that it answers."""

    DIRECTORY: ClassVar[Path | None] = None  # in which it works; None for that of the parent

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begins = 0  # offset at which the present process began to write

    @abstractmethod
    def check(self) -> None:
        """Check, before anything is started, that it can start. Raises ServiceTrouble."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """Prepare a start, and return the command. Raises ServiceTrouble."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether this very process, not another on its port, is ready. Returns quickly."""

    # -- starting ------------------------------------------------------------------------

    def start(self) -> Self:
        """Start it and return once it answers. Raises ServiceTrouble."""
        self.launch()
        self.wait_until_ready()
        return self

    def launch(self) -> None:
        """Start it without waiting; do nothing if it runs. Raises ServiceTrouble."""
        if self.is_running():
            return
        self.check()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = self.command()
        with self.log.open("ab") as log:
            self._log_begins = log.tell()
            self._process = spawn(command, log, cwd=self.DIRECTORY)

    def wait_until_ready(self, seconds: float = START_TAKES) -> None:
        """Return once it answers; end it if it does not in time. Raises DidNotStart."""
        try:
            wait_until(lambda: not self.is_running() or self.answers(), seconds)
            why = "" if self.answers() and self.is_running() else self._why_not(seconds)
        except BaseException:
            self.kill()
            raise
        if why:
            self.kill()
            raise DidNotStart(self.name, why, self.log)

    def _why_not(self, seconds: float) -> str:
        if self.is_running():
            return f"no answer within {seconds:.0f} s"
        return last_line(self.output().encode())

    # -- looking ---------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative number of the signal if one ended it."""
        return None if self._process is None else self._process.poll()

    def is_running(self) -> bool:
        """Whether it runs, which includes being stopped (SIGSTOP)."""
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """What the present process has logged."""
        with self.log.open("rb") as log:
            log.seek(self._log_begins)
            return log.read().decode(errors="replace")

    # -- ending ----------------------------------------------------------------------------

    def send(self, number: int) -> None:
        """Send a signal to this process, not to those it forked; do nothing if it is gone."""
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM, seconds: float = STOP_TAKES) -> int:
        """End it and return its exit code, -9 if it had to be killed. Idempotent."""
        if self._process is None:
            return 0
        self.send(number)
        self.send(signal.SIGCONT)  # while stopped, it sees no other signal
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.kill()

    def kill(self) -> int:
        """Kill it and the processes that it forked. Idempotent."""
        if self._process is None:
            return 0
        self._signal_group(signal.SIGKILL)
        return self._process.wait()

    def pause(self) -> None:
        """Stop it (SIGSTOP): it still exists and holds its connections, but does nothing."""
        self._signal_group(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        self._signal_group(signal.SIGCONT)

    def restart(self, number: int = signal.SIGTERM) -> None:
        """Stop and start it. Raises ServiceTrouble."""
        self.stop(number)
        self.start()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end and return its exit code; None if it still runs then."""
        assert self._process is not None, f"{self.name} was not started"
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def spawn(
    command: Sequence[str | Path],
    log: BinaryIO,
    *,
    cwd: Path | None,
    env: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a command in a process group of its own."""
    return subprocess.Popen(  # noqa: S603  # a command of our own making
        [*ends_with_its_parent(), *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=env,
        process_group=0,
    )


def run(
    command: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a command to its end and return its exit code. No process of it outlives this call."""
    with log.open("wb") as output, spawn(command, output, cwd=cwd, env=env) as process:
        try:
            return process.wait()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def ends_with_its_parent() -> list[str]:
    """A prefix for a command, which becomes that command under the same process id: the kernel then
    sends it SIGTERM when the thread that started it ends."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def last_line(output: bytes) -> str:
    """The last line that a program wrote, which mostly says why it ended."""
    lines = output.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def number_in(pid_file: Path) -> int:
    """The process id in this file; 0 while there is none."""
    try:
        return int(pid_file.read_text())
    except (OSError, ValueError):
        return 0
