"""Runs the unit tests, with half of their files in each of two processes (`make unit`).

pytest-xdist would have each process collect all files, and send each result to a third one. What
the second half says is shown when the first has ended.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

NONE_ASKED_FOR = 5  # pytest's status if its arguments select no test


def start(half: int, arguments: list[str], output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    """Two of every four files, in a process that remembers by itself what has failed (`--lf`).

    The outer two or the inner two: every other one makes one half longer by a fifth.
    """
    every = sorted(map(str, Path("tests/unit").rglob("test_*.py")))
    files = every[half::4] + every[3 - half :: 4]
    options = ["-q", "-o", f"cache_dir=.pytest_cache/unit-{half}"]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *files, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output and subprocess.STDOUT,
    )


def status_of(statuses: list[int]) -> int:
    """That of a half that has failed. Only both can fail for having none of the tests asked for."""
    others = [status for status in statuses if status != NONE_ASKED_FOR]
    return next(filter(None, others), 0) if others else NONE_ASKED_FOR


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryFile() as second_output:
        halves = [start(0, arguments, None), start(1, arguments, second_output)]
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the halves, not this
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        try:
            statuses = [half.wait() for half in halves]
        finally:
            for half in halves:
                half.terminate()
        second_output.seek(0)
        shutil.copyfileobj(second_output, sys.stdout.buffer)
    return status_of(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
