"""Becomes our programs: it has imported what they need, and forks for each request.

The forked process goes on as `python -m` would: it runs its module as `__main__`, with arguments,
variables and files of its own, and ends like any Python. `tests.integration.forked` sends requests.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from collections.abc import Sequence

PROGRAMS = "entrypoints.manage", "entrypoints.tcp_server"
IMPORTED_LATE = "adapters.mysql", "adapters.redis", "uvloop"
LONGEST = 200_000  # bytes of a request, most of which are variables
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Each request brings files: one for what becomes of the program, then the program's first
    three."""
    door = socket.socket(fileno=int(sys.argv[1]))
    _prepare()
    while True:
        request, files, _, _ = socket.recv_fds(door, LONGEST, 4)
        if not request:
            return  # the asking process has ended; all forked processes end with this one
        if os.fork() == 0:
            door.close()
            _look_after(request, files)
            return
        for file in files:
            os.close(file)


def _prepare() -> None:
    for name in (*PROGRAMS, *IMPORTED_LATE):
        importlib.import_module(name)
    for name in PROGRAMS:
        del sys.modules[name]  # the forked process runs it
    gc.freeze()  # memory that the collector never touches stays shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the programs
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps those that look after one


def _look_after(request: bytes, files: Sequence[int]) -> None:
    """In a process of its own, report the program's id and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _end_with_parent()
    status = socket.socket(fileno=files[0])
    pid = os.fork()
    if pid == 0:
        status.close()
        _become(files[1:], *json.loads(request))
        return
    for file in files[1:]:
        os.close(file)
    status.send(b"%d" % pid)
    status.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _become(
    files: Sequence[int],
    module: str,
    arguments: Sequence[str],
    directory: str,
    variables: dict[str, str],
) -> None:
    _end_with_parent()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(variables)
    sys.stdout.reconfigure(line_buffering="PYTHONUNBUFFERED" in variables)  # type: ignore[union-attr]
    sys.argv[1:] = arguments
    signal.signal(signal.SIGINT, signal.default_int_handler)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
