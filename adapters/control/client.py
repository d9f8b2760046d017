"""Asking a running node over its socket."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.control.server import LONGEST_REQUEST

PATIENCE = 60.0  # seconds


class NobodyThere(Exception):
    """No server listens on this socket."""


def ask(path: Path, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Send a command to the node behind this socket, and return its answer. Raises NobodyThere, or
    OSError with the path as its filename."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        try:
            sock.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NobodyThere(f"no server listens on {path}") from error
        except OSError as error:
            error.filename = str(path)
            raise
        request = json.dumps({"command": command, "arguments": arguments}).encode()
        if len(request) > LONGEST_REQUEST:
            why = f"the arguments take more than the {LONGEST_REQUEST:,} bytes that a server reads"
            return {"error": "bad_request", "message": why}
        sock.sendall(request + b"\n")
        answer = b"".join(iter(lambda: sock.recv(65_536), b""))
    try:
        found: dict[str, Any] = json.loads(answer)
    except ValueError:
        return {"error": "failed", "message": "the answer was cut off"}
    return found
