"""What a program that crashes leaves on the disk: it had passwords in its memory."""

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from entrypoints.services.program import wait_until
from tests.integration.raw_client import PATIENCE
from tests.integration.server_process import ROOT

PROGRAMS = {
    "the server": ["entrypoints.tcp_server", "0", "--store", "memory://"],
    "manage": ["entrypoints.manage", "add", "ann", "--store", "sqlite:///chat.db"],
}
NOTHING = {"0", "1"}  # bytes of a core file


@contextlib.contextmanager
def dumping_allowed() -> Iterator[None]:
    """Let programs that start meanwhile leave cores as large as the system allows."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def core_limits(pid: int) -> Sequence[str]:
    """The soft limit and the hard limit."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    found = re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.MULTILINE)
    assert found
    return found.groups()


@pytest.mark.parametrize("arguments", PROGRAMS.values(), ids=PROGRAMS)
def test_a_crash_leaves_no_core(tmp_path: Path, arguments: Sequence[str]) -> None:
    """Nothing that takes the process over can allow it again, either."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with dumping_allowed():
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,  # manage waits for a password
            stderr=subprocess.DEVNULL,
        )
    with process:
        try:
            assert wait_until(lambda: set(core_limits(process.pid)) <= NOTHING, PATIENCE)
            process.send_signal(signal.SIGABRT)
            assert process.wait(PATIENCE) == -signal.SIGABRT
        finally:
            process.kill()
    assert [path for path in tmp_path.iterdir() if path.name.startswith("core")] == []
