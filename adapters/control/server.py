"""The socket on which a running node takes commands.

A connection carries one command: a line of JSON, `{"command": ..., "arguments": {...}}`, answered
by `{"result": ...}` or `{"error": ..., "message": ...}`, and is closed. Everybody who can open the
socket may do everything; its mode, 0600, admits the server's own user and root.
"""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog

from adapters.control.audit import OPERATOR, note, user_of
from adapters.wire import errors
from chat_domain.errors import ChatError

log = structlog.get_logger()

REQUEST_TAKES = 5.0  # seconds in which a client must send its request
ANSWER_TAKES = 30.0  # seconds in which a client must take the answer
LONGEST_REQUEST = 64 * 1024  # bytes
AT_ONCE = 8  # connections

Command = Callable[..., Awaitable[Mapping[str, Any]]]


class SocketUnusable(Exception):
    """No socket can be created at this path; `str()` of it is one line for the operator."""


class Request(msgspec.Struct, forbid_unknown_fields=True):
    command: str
    arguments: dict[str, str | int | bool] = {}


_decode = msgspec.json.Decoder(Request).decode
_encode = msgspec.json.Encoder().encode


@asynccontextmanager
async def control_socket(path: Path, commands: Mapping[str, Command]) -> AsyncIterator[None]:
    """Serve commands while the context is open. Raises SocketUnusable."""
    serve = partial(_serve, commands, asyncio.Semaphore(AT_ONCE))
    server = await asyncio.start_unix_server(serve, sock=_bound(path), limit=LONGEST_REQUEST)
    try:
        yield
    finally:
        server.close()
        with suppress(FileNotFoundError):
            path.unlink()  # noqa: ASYNC240  # takes a moment, at the end of the process


def _bound(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)  # so that others cannot open it at any moment
    try:
        _clear_away(path)
        sock.bind(str(path))
    except OSError as error:
        sock.close()
        raise SocketUnusable(f"cannot listen on {path}: {error.strerror or error}") from error
    finally:
        os.umask(mask)
    return sock


def _clear_away(path: Path) -> None:
    """Remove a socket that a killed server left behind, but never one that a server listens on."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


async def _serve(
    commands: Mapping[str, Command],
    turns: asyncio.Semaphore,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    try:
        async with turns:
            async with asyncio.timeout(REQUEST_TAKES):
                line = await reader.readline()
            OPERATOR.set(await asyncio.to_thread(user_of, writer.get_extra_info("socket")))
            writer.write(_encode(await answer(commands, line)))
            async with asyncio.timeout(ANSWER_TAKES):
                await writer.drain()
    except (OSError, ValueError, TimeoutError) as error:  # ValueError: the line is too long
        log.info("control connection failed", error=str(error) or type(error).__name__)
    finally:
        writer.close()


async def answer(commands: Mapping[str, Command], line: bytes) -> Mapping[str, Any]:
    """Carry out one request, and write its line to the log. Raises nothing."""
    try:
        request = _decode(line)
        command = commands[request.command]
    except (msgspec.MsgspecError, KeyError) as error:
        return {"error": "bad_request", "message": f"not a request: {error}"}
    found: Mapping[str, Any] = {"error": "cut_off"}
    try:
        found = await carry_out(command, request.arguments)
    finally:
        note(request.command, request.arguments, found)
    return found


async def carry_out(command: Command, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return {"result": await command(**arguments)}
    except ChatError as error:
        return {"error": errors.name_of(error), "message": str(error)}
    except Exception as error:
        log.exception("operator's command failed")
        return {"error": "failed", "message": f"{type(error).__name__}; see the server's log"}
