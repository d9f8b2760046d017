"""The operator's socket: its path, and the commands it serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from adapters.control.audit import OPERATOR
from adapters.control.server import Command, control_socket
from adapters.control.user_commands import COMMANDS
from chat_domain.chat import Chat
from entrypoints.logs import THRESHOLD
from entrypoints.settings import Settings

log = structlog.get_logger()

LONGEST_PATH = 107  # bytes; the longest path of a Unix socket


@asynccontextmanager
async def serve_control_socket(
    settings: Settings, chat: Chat, worker: int | None
) -> AsyncIterator[None]:
    """Serve the operator's commands, if there is a path for that. Raises SocketUnusable."""
    path = control_path(settings, worker)
    if path is None:
        yield
    elif not settings.control_socket and len(bytes(path)) > LONGEST_PATH:
        log.warning("no control socket: its path would be too long", path=str(path))
        yield
    else:
        of_users = {name: partial(command, chat) for name, command in COMMANDS.items()}
        commands: dict[str, Command] = {**of_users, "log-level": log_level}
        async with control_socket(path, commands):
            yield


async def log_level(*, level: str) -> dict[str, Any]:
    """Change the lowest level that this process logs. Raises KeyError for an unknown level."""
    before = THRESHOLD.set(level)
    with THRESHOLD.lifted():
        log.warning("log level changed", before=before, now=level, operator=OPERATOR.get())
    return {"level": level, "before": before}


def control_paths(settings: Settings) -> list[Path]:
    """Where servers with these settings may listen; any of them will do."""
    numbers = [None] if settings.workers == 1 else range(1, settings.workers + 1)
    paths = [control_path(settings, number) for number in numbers]
    return [path for path in paths if path is not None]


def control_path(settings: Settings, worker: int | None) -> Path | None:
    """Where this server listens, None if nowhere. worker: its number; None if it is alone."""
    suffix = "" if worker is None else f"-{worker}"
    if settings.control_socket:
        return Path(settings.control_socket + suffix)
    if settings.sqlite_file is None:
        return None
    file = settings.sqlite_file.resolve()
    return file.with_name(f"{file.name}-control{suffix}")
