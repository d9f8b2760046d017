"""The operator's socket: who may open it, and what it answers."""

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.control import server
from adapters.control.client import NobodyThere, ask
from adapters.control.server import SocketUnusable, control_socket
from chat_domain.errors import NoSuchUser


async def echo(**arguments: object) -> dict[str, Any]:
    return arguments


async def refuse() -> dict[str, Any]:
    raise NoSuchUser("ann")


async def break_down() -> dict[str, Any]:
    raise RuntimeError("a defect, with a secret")


COMMANDS = {"echo": echo, "refuse": refuse, "break": break_down}


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    async with control_socket(tmp_path / "s", COMMANDS):
        yield tmp_path / "s"


async def answer(path: Path, line: bytes) -> Any:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    found = await reader.read()
    writer.close()
    await writer.wait_closed()
    return json.loads(found) if found else None


async def test_a_command_is_carried_out(path: Path) -> None:
    """It gets its arguments, and its result is returned."""
    found = await asyncio.to_thread(ask, path, "echo", {"who": "安娜", "limit": 3})
    assert found == {"result": {"who": "安娜", "limit": 3}}


async def test_arguments_that_are_too_long_are_refused_with_the_reason(path: Path) -> None:
    """The longest ones that fit are taken."""
    room = server.LONGEST_REQUEST - len(json.dumps({"command": "echo", "arguments": {"text": ""}}))
    assert (await asyncio.to_thread(ask, path, "echo", {"text": "x" * room})).keys() == {"result"}
    found = await asyncio.to_thread(ask, path, "echo", {"text": "x" * (room + 1)})
    assert "more than the 65,536 bytes" in found["message"]


@pytest.mark.parametrize("part", [b"", b'{"result":{"users":[{"id"', b'{"result":"\xe5'])
async def test_half_an_answer_is_told_to_be_none(tmp_path: Path, part: bytes) -> None:
    """The server was killed while it answered."""

    async def end_meanwhile(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(part)
        writer.close()

    async with await asyncio.start_unix_server(end_meanwhile, tmp_path / "s"):
        found = await asyncio.to_thread(ask, tmp_path / "s", "list", {})
    assert found == {"error": "failed", "message": "the answer was cut off"}


async def test_nobody_else_may_open_it(path: Path) -> None:
    """Its mode admits only its owner."""
    mode = path.stat().st_mode  # noqa: ASYNC240  # a file of this test
    assert stat.S_IMODE(mode) == 0o600


async def test_a_refusal_has_the_protocol_s_name(path: Path) -> None:
    """It also has a sentence."""
    found = await asyncio.to_thread(ask, path, "refuse", {})
    assert found == {"error": "no_such_user", "message": "there is no user 'ann'"}


async def test_a_defect_is_told_without_its_words(path: Path) -> None:
    """The log has them."""
    found = await asyncio.to_thread(ask, path, "break", {})
    assert found == {"error": "failed", "message": "RuntimeError; see the server's log"}


async def test_a_command_that_is_cut_off_is_in_the_log() -> None:
    """A server that ends in the middle of a command may have done a part of it."""
    begun = asyncio.Event()

    async def go_on(**_: object) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    line = b'{"command":"delete","arguments":{"who":"ann"}}\n'
    with capture_logs() as lines:
        answering = asyncio.create_task(server.answer({"delete": go_on}, line))
        await begun.wait()
        answering.cancel()
        await asyncio.wait([answering])
    assert [(line["command"], line["who"], line["outcome"]) for line in lines] == [
        ("delete", "ann", "cut_off")
    ]


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{}\n", b"[]\n", b'{"command":"other"}\n', b"\xff\n", b'{"command":"echo","x":1}\n'],
)
async def test_what_is_no_request_is_said_to_be_none(path: Path, line: bytes) -> None:
    """The socket still works afterwards."""
    assert (await answer(path, line))["error"] == "bad_request"
    assert await answer(path, b'{"command":"echo"}\n') == {"result": {}}


async def test_a_line_without_end_is_cut_off(path: Path) -> None:
    """It gets no answer, and the socket still works."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"x" * 3 * server.LONGEST_REQUEST)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    assert await answer(path, b'{"command":"echo"}\n') == {"result": {}}


async def test_what_a_killed_server_left_is_cleared_away(tmp_path: Path) -> None:
    """A socket without a server is removed. The new one is removed when the server ends."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "s"))
    async with control_socket(tmp_path / "s", COMMANDS):
        assert await answer(tmp_path / "s", b'{"command":"echo"}\n') == {"result": {}}
    with pytest.raises(NobodyThere):
        ask(tmp_path / "s", "echo", {})


async def test_the_socket_of_a_living_server_is_left_alone(path: Path) -> None:
    """The second server is told that it is in use."""
    with pytest.raises(SocketUnusable, match="in use"):
        async with control_socket(path, COMMANDS):
            pass
    assert await answer(path, b'{"command":"echo"}\n') == {"result": {}}


async def test_a_file_is_not_overwritten(tmp_path: Path) -> None:
    """The operator may have named any file by mistake."""
    (tmp_path / "s").write_text("mine")
    with pytest.raises(SocketUnusable):
        async with control_socket(tmp_path / "s", COMMANDS):
            pass
    assert (tmp_path / "s").read_text() == "mine"
