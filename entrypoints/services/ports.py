"""Ports on the loopback interface for services."""

import atexit
import random
import socket
from contextlib import ExitStack

from entrypoints.services.errors import PortUnusable

LOOPBACK = "127.0.0.1"
# Below Linux's ephemeral ports, which outgoing connections may use at any moment.
_FIRST, _LAST = 20_000, 32_000
_claims = ExitStack()
atexit.register(_claims.close)


def free_port() -> int:
    """A port that nobody listens on, and that no other running process was given by this."""
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311  # so that two simultaneous test runs differ
        if _claim(port):
            return port


def free_pair() -> int:
    """The first of two such ports that are consecutive."""
    while True:
        port = free_port()
        if _claim(port + 1):
            return port


def _claim(port: int) -> bool:
    """Claim this port for this process, if it is free.

    The service binds the port some time later. Until this process ends, it therefore holds the UDP
    port of the same number, which nothing here uses.
    """
    claim = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claim.bind((LOOPBACK, port))
        require_free(port)
    except (OSError, PortUnusable):
        claim.close()
        return False
    _claims.enter_context(claim)
    return True


def require_free(port: int) -> None:
    """Raise PortUnusable if the port is taken, is for root alone, or does not exist."""
    with socket.socket() as probe:
        # As servers do: connections that have ended do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortUnusable(port, error.strerror) from None
        except OverflowError:
            raise PortUnusable(port, "there is no such port") from None
