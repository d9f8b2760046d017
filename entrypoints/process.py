"""Preparing the program's own process."""

import os
import resource
import sys
from contextlib import suppress

WRONG_USE = 2  # the exit status for wrong options or settings
SMALLEST_CORE = 1  # byte; no core file is that small (see below)


def leave_no_core() -> None:
    """Let the system keep no copy of this process's memory if it crashes.

    That memory contains passwords to be hashed, keys and messages. With a limit of 0 the kernel may
    still pipe it to a program (systemd-coredump, apport); with one byte it does neither that nor
    write a file. The limit cannot be raised again.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 0 if most == 0 else SMALLEST_CORE
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


def fill_streams() -> None:
    """Open the null device for standard streams that are closed. Otherwise the next opened file
    would get such a stream's number, and error messages would go into it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115  # open for as long as the process runs


def unwritten(error: OSError) -> str | None:
    """Why output could not be written, None if its reader is gone, as with `head`.

    Discards what Python has buffered, so that it does not complain at exit, too.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return None if isinstance(error, BrokenPipeError) else error.strerror


def raise_file_limit() -> None:
    """Raise this process's limit of files, and so of connections, to what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # macOS refuses some hard limits; then nothing changes
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def say(line: str) -> None:
    """Print a line, and escape what the terminal's encoding lacks, as Python does with errors."""
    encoding = sys.stdout.encoding
    shown = line.encode(encoding, "backslashreplace").decode(encoding)
    print(shown)  # noqa: T201  # for the operator who typed the command
