"""Running `python -m entrypoints.manage` as an operator does."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, Any

from tests.integration.server_process import ROOT


def manage(
    *arguments: str,
    options: Sequence[str] = (),
    stdin: str = "",
    stdout: int | IO[bytes] = subprocess.PIPE,
) -> "subprocess.CompletedProcess[str]":
    """The process, ended."""
    return subprocess.run(
        [sys.executable, "-m", "entrypoints.manage", *arguments, *options],
        cwd=ROOT,
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def told(*arguments: str, options: Sequence[str] = (), stdin: str = "") -> Any:
    """What it says with --json; it has to succeed."""
    done = manage(*arguments, "--json", options=options, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
