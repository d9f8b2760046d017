"""Running `python -m entrypoints.manage` as an operator does."""

import json
from collections.abc import Sequence
from subprocess import CompletedProcess
from typing import IO, Any

from tests.integration.forked import ended


def manage(
    *arguments: str, options: Sequence[str] = (), stdin: str = "", stdout: IO[bytes] | None = None
) -> CompletedProcess[str]:
    """Run it; return the ended process. stdout: gets its output instead of the caller."""
    return ended("entrypoints.manage", [*arguments, *options], stdin=stdin, stdout=stdout)


def told(*arguments: str, options: Sequence[str] = (), stdin: str = "") -> Any:
    """Its answer with --json; it has to succeed."""
    done = manage(*arguments, "--json", options=options, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
