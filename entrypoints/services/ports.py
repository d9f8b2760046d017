"""Ports of the loopback for services."""

import random
import socket

from entrypoints.services.errors import PortInUse

LOOPBACK = "127.0.0.1"
# Below Linux's ephemeral ports, out of which outgoing connections take theirs at any moment.
_FIRST, _LAST = 20_000, 32_000
_given: set[int] = set()  # a port is bound some time after it was given away


def free_port() -> int:
    """A port that nobody listens on, and that this process was not given before."""
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311  # two test runs at once should not meet
        if port not in _given and is_free(port):
            _given.add(port)
            return port


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
