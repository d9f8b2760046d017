"""The processes of a benchmark, each on the core that it is given; none is left in the end."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import attrs

from chat_domain.fairness.limits import Limits

ROOT = Path(__file__).parents[1]
CHEAP = "--hashing", "cheap"  # otherwise, setting up thousands of users takes minutes
# The clients of the benchmark have few addresses, and write more than people do. But the limit for
# unlisted senders stays, and they list each other: so the server looks up how much of each waits,
# as it does among friends.
UNLIMITED = [
    word
    for name in attrs.fields_dict(Limits)
    if name != "waiting_from_unlisted"
    for word in (f"--{name.replace('_', '-')}", "0")
]
DURABILITIES = "disk", "process"
STARTS_WITHIN = 30.0  # seconds

_cores = sorted(os.sched_getaffinity(0))
SERVER_CORE, GENERATOR_CORE = _cores[0], _cores[-1]
Figures = dict[str, float]

_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


class Listener:
    """A server of some kind that says in its log where it listens."""

    def __init__(
        self,
        *arguments: str,
        core: int = SERVER_CORE,
        root: Path = ROOT,
        prefix: Sequence[str] = (),
        starts_within: float = STARTS_WITHIN,
    ) -> None:
        """prefix: a command that runs it, such as a profiler's. starts_within: seconds."""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed in __exit__
        began = time.monotonic()
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", *arguments],
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  # no threads here
            cwd=root,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.pid = self._process.pid
        self.port = self._await_port(starts_within)
        self.started_in = time.monotonic() - began

    def _await_port(self, seconds: float) -> int:
        patient_until = time.monotonic() + seconds
        while (match := _LISTENING.search(self.log())) is None:
            if self._process.poll() is not None or time.monotonic() > patient_until:
                log = self.log()
                self.__exit__()
                raise RuntimeError(f"a server does not start:\n{log}")
            time.sleep(0.005)
        return int(match[1])

    def log(self) -> str:
        """Everything that it has written. The file's offset stays, as that is where it writes."""
        file = self._log.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None = None, *_: object) -> None:
        if failure is RuntimeError:  # the benchmark found something wrong
            print(
                f"the last words of {self._process.args!r}:\n{self.log()[-3000:]}", file=sys.stderr
            )
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Generator:
    """A process that makes a load; see `bench.generator`."""

    def __init__(self, **job: Any) -> None:
        job = {"core": GENERATOR_CORE, "load": "pairs", "relay": False, "web": False, **job}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.generator", json.dumps(job)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert self._hear() == "ready"
        except BaseException:
            self.__exit__()
            raise

    def run(self, seconds: float) -> Figures:
        """Let it run for so long; return the figures."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"%f\n" % seconds)
        self._process.stdin.flush()
        figures: Figures = self._hear()
        return figures

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the generator has ended")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def server(store: str, *options: str, root: Path = ROOT) -> Listener:
    """The chat server, on a port of its own choice."""
    return Listener(
        *("entrypoints.tcp_server", "0", "--store", store, *CHEAP, *UNLIMITED, *options), root=root
    )


def rss(pid: int) -> int:
    """Bytes of memory that a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def relay() -> Listener:
    return Listener("bench.relay")


def logging_relay(path: Path, durability: str) -> Listener:
    """path: the file for its log, which does not exist yet."""
    return Listener("bench.logging_relay", str(path), durability)


def alternate(generators: Sequence[Generator], runs: int, seconds: float) -> list[list[Figures]]:
    """The figures of each generator. They run in turn, so other load on the machine hits all."""
    found: list[list[Figures]] = [[] for _ in generators]
    for _ in range(runs):
        for at, generator in enumerate(generators):
            found[at].append(generator.run(seconds))
    return found
