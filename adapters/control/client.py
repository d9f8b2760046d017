"""Asking a running node over its socket."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
        sock.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
        answer = b"".join(iter(lambda: sock.recv(65_536), b""))
    found: dict[str, Any] = json.loads(answer or b'{"error": "failed", "message": "no answer"}')
    return found
