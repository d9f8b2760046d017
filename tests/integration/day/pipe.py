"""A line client without a terminal, which reads lines from a pipe and writes lines."""

import os
import subprocess
import sys
import tempfile
import time
from typing import Self

from tests.integration.server_process import ROOT
from tests.integration.terminal import SEEN_WITHIN


class Pipe:
    """A running client. As a context manager, it always ends it."""

    def __init__(self, *arguments: str) -> None:
        self._out = tempfile.TemporaryFile("w+b")  # noqa: SIM115  # closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "entrypoints.cli_client", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )

    @property
    def lines(self) -> list[str]:
        """Everything that it has written, errors included. The file's offset stays, since that is
        where it writes."""
        file = self._out.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors="ignore").splitlines()

    def type(self, *lines: str) -> None:
        assert self._process.stdin is not None, "it was given one"
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._process.stdin.flush()

    def until(self, text: str) -> None:
        patient_until = time.monotonic() + SEEN_WITHIN
        while not any(text in line for line in self.lines):
            assert time.monotonic() < patient_until, f"{text!r} never came:\n{self.lines}"
            time.sleep(0.01)

    def ends(self) -> int:
        """End its input; return its exit status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(SEEN_WITHIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._out.close()
