"""What a program asks of the system for its own process."""

import os
import resource
import sys
from contextlib import suppress

WRONG_USE = 2  # the exit status where options or settings are wrong
SMALLEST_CORE = 1  # byte: no file is as small as that, and see below


def leave_no_core() -> None:
    """Let the system keep no copy of this process's memory should it crash.

    Passwords on their way to being hashed, keys and messages would be in it. With a limit of 0 the
    kernel still hands the memory to a program where it is set up to (systemd-coredump, apport);
    with one byte it does neither that nor write a file. The limit cannot be raised again.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 0 if most == 0 else SMALLEST_CORE
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


def fill_streams() -> None:
    """Let the standard streams that this process was started without lead nowhere. The next file
    that is opened would have their number otherwise, and whoever complains would write into it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115  # as long as it runs


def raise_file_limit() -> None:
    """Allow this process as many connections as the system lets it have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # macOS refuses some hard limits; then it stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
