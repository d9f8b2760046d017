"""Ports of the loopback for services."""

import atexit
import random
import socket
from contextlib import ExitStack

from entrypoints.services.errors import PortInUse

LOOPBACK = "127.0.0.1"
# Below Linux's ephemeral ports, out of which outgoing connections take theirs at any moment.
_FIRST, _LAST = 20_000, 32_000
_claims = ExitStack()
atexit.register(_claims.close)


def free_port() -> int:
    """A port that nobody listens on, and that was given to no process that goes on."""
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311  # two test runs at once should not meet
        if _claim(port):
            return port


def free_pair() -> int:
    """The first of two such ports that follow each other."""
    while True:
        port = free_port()
        if _claim(port + 1):
            return port


def _claim(port: int) -> bool:
    """Keep this port for this process, if it is free.

    It is bound some time after it was given away. So this process holds UDP's port of that number,
    for which nothing here has a use, until it ends.
    """
    claim = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claim.bind((LOOPBACK, port))
        require_free(port)
    except (OSError, PortInUse):
        claim.close()
        return False
    _claims.enter_context(claim)
    return True


def require_free(port: int) -> None:
    """Raise PortInUse if somebody listens on it."""
    if not is_free(port):
        raise PortInUse(port)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections that have ended are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
