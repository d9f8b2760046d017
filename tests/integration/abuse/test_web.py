"""Attacks on the browsers' port, while two users talk over the other one."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from websockets.frames import Opcode

from adapters.wire.framing import MAX_CLIENT_FRAME
from chat_domain.fairness.limits import STRANGERS_FRAME
from tests.integration.abuse.attackers import (
    ELSEWHERE,
    blast,
    raise_file_limit,
    send_what_goes,
)
from tests.integration.abuse.bystanders import memory_of, undisturbed
from tests.integration.raw_client import PATIENCE
from tests.integration.web_client import WebClient, WebServer, connected, frame, get, text

MIB = 1024 * 1024
PHASE = 1.5  # seconds for each of several kinds of attacks
HANDSHAKE = get(
    "/chat",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
PING = b'{"msgid":1012}'


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[WebServer]:
    with WebServer(f"sqlite:///{tmp_path}/chat.db", "--hashing", "cheap") as process:
        yield process


def stranger(web: WebServer, address: str = ELSEWHERE) -> WebClient:
    return WebClient(web.web_port, connected(web.web_port, address))


def user(web: WebServer, name: str = "Mallory", address: str = ELSEWHERE) -> WebClient:
    client = stranger(web, address)
    client.register(name)
    client.login()
    return client


def long_message(size: int) -> bytes:
    return b'{"msgid":1012,"seq":7,"more":"'.ljust(size - 2, b"x") + b'"}'


BAD: dict[bytes, tuple[int, str]] = {
    frame(Opcode.BINARY, PING): (1003, "bad_websocket"),
    text(long_message(MAX_CLIENT_FRAME + 1)): (1009, "frame_too_long"),
    HANDSHAKE: (1002, "bad_websocket"),
}


async def test_what_no_websocket_sends_ends_it_by_a_code(web: WebServer) -> None:
    """Earlier requests are answered first, and the reason is also told in words."""

    def attack() -> None:
        for number, (data, (code, error)) in enumerate(BAD.items()):
            with user(web, f"Mallory {number}") as client:
                client.send({"msgid": 1012, "seq": 7})
                client.send_bytes(data)
                assert client.find(lambda answer: answer.get("seq") == 7)["msgid"] == 1013
                assert client.find_msgid(1011)["error"] == error
                assert client.code() == code

    async with undisturbed(web):
        await asyncio.to_thread(attack)


async def test_what_is_allowed_goes_through(web: WebServer) -> None:
    """This holds however it is divided into frames."""

    def attack() -> None:
        with user(web) as client:
            message = long_message(MAX_CLIENT_FRAME)
            client.send_bytes(text(message))
            assert client.find_msgid(1013)["seq"] == 7
            client.send_bytes(frame(Opcode.TEXT, message[:1], fin=False))
            client.send_bytes(frame(Opcode.PING, b"between"))
            for at in range(1, len(message), 1024):
                client.send_bytes(frame(Opcode.CONT, message[at : at + 1024], fin=False))
            client.send_bytes(frame(Opcode.CONT, b""))
            assert client.find_msgid(1013)["seq"] == 7
            for byte in text(PING):
                client.send_bytes(bytes((byte,)))
            assert client.find_msgid(1013)
            client.send_bytes(frame(Opcode.PONG, b"unasked") + text(b""))
            assert client.is_alive()

    async with undisturbed(web):
        await asyncio.to_thread(attack)


FRAMES: dict[str, bytes] = {
    "requests": text(PING) * 100,
    "empty messages": text(b"") * 1000,
    "pings": frame(Opcode.PING, b"") * 1000,
    "long pings": frame(Opcode.PING, 125 * b"x") * 200,
    "pongs": frame(Opcode.PONG, b"") * 1000,
    "empty pieces": frame(Opcode.TEXT, b"", fin=False) + frame(Opcode.CONT, b"", fin=False) * 999,
    "pieces of a byte": frame(Opcode.TEXT, b" ", fin=False)
    + frame(Opcode.CONT, b" ", fin=False) * 999,
    "bad frames": text(b"x") * 1000,
}


async def test_tens_of_thousands_of_frames(web: WebServer) -> None:
    """Ten users send them at once, as fast as possible: they have to wait, and nobody else does."""

    def attack(kind: str, address: str) -> int:
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(user(web, f"{kind} {n}", address)) for n in range(10)]
            return blast([client._socket for client in clients], FRAMES[kind], PHASE)

    async with undisturbed(web) as talk:
        for number, kind in enumerate(FRAMES):
            with talk.during(kind):
                assert await asyncio.to_thread(attack, kind, f"127.0.0.{2 + number}") > 50_000


async def test_who_does_not_read_is_not_read_from(web: WebServer) -> None:
    """Pongs that a client does not take do not fill memory."""
    before = memory_of(web)

    def attack() -> int:
        with user(web) as client:
            client._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            return send_what_goes(client._socket, frame(Opcode.PING, 125 * b"x") * 100, 4)

    async with undisturbed(web):
        assert await asyncio.to_thread(attack) < 20 * MIB
    assert memory_of(web) - before < 40 * MIB


async def test_strangers_on_websockets_hold_little(web: WebServer) -> None:
    """Their messages have to be short, and unfinished ones count."""

    def attack() -> None:
        with stranger(web) as client:
            client.send_bytes(text(long_message(STRANGERS_FRAME + 1)))
            assert client.code() == 1009
        with contextlib.ExitStack() as stack:
            for _ in range(500):
                client = stack.enter_context(stranger(web))
                client.send_bytes(text(long_message(STRANGERS_FRAME))[:-1])
            time.sleep(1)

    raise_file_limit()
    before = memory_of(web)
    async with undisturbed(web):
        await asyncio.to_thread(attack)
    assert memory_of(web) - before < 40 * MIB


REQUESTS: dict[str, bytes] = {
    "requests": get("/"),
    "pipelined": get("/") * 100,
    "handshakes": HANDSHAKE,
    "huge heads": b"GET / HTTP/1.1\r\nX: " + 9000 * b"x",
    "zeros": bytes(64),
}


async def test_requests_as_a_flood(web: WebServer) -> None:
    """Each comes on a new connection."""

    def attack(flood: bytes, address: str) -> int:
        begun, count = time.monotonic(), 0
        while (took := time.monotonic() - begun) < PHASE or (count <= 20 and took < PATIENCE):
            with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
                socks = [stack.enter_context(connected(web.web_port, address)) for _ in range(20)]
                blast(socks, flood, 0.2)
                count += len(socks)
        return count

    async with undisturbed(web) as talk:
        for number, (kind, flood) in enumerate(REQUESTS.items()):
            with talk.during(kind):
                assert await asyncio.to_thread(attack, flood, f"127.0.0.{2 + number}") > 20


async def test_pages_that_nobody_reads(web: WebServer) -> None:
    """One answer waits for each, and no longer than ten seconds."""
    before = memory_of(web)

    def attack() -> None:
        with contextlib.ExitStack() as stack:
            socks: Sequence[socket.socket] = [
                stack.enter_context(connected(web.web_port, ELSEWHERE)) for _ in range(100)
            ]
            for sock in socks:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            ends = time.monotonic() + 3
            while time.monotonic() < ends:
                for sock in socks:
                    with contextlib.suppress(OSError):
                        sock.setblocking(False)
                        sock.send(get("/"))

    async with undisturbed(web):
        await asyncio.to_thread(attack)
    assert memory_of(web) - before < 40 * MIB
