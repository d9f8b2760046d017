"""The web server for operators: what it answers, and what it does not."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from adapters.operators import http
from adapters.operators.http import Page, serve_pages

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def hello() -> Page:
    return Page(b"hello\n")


async def broken() -> Page:
    raise RuntimeError("a defect, with a secret")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = await serve_pages("127.0.0.1", 0, {"/hello": hello, "/broken": broken})
    yield server.sockets[0].getsockname()[1]
    server.close()


async def ask(port: int, request: bytes) -> bytes:
    """The whole answer, until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = b""
    try:
        while part := await reader.read(65_536):
            answer += part
    except ConnectionError:
        pass  # the server resets the connection if it has not read everything
    writer.close()
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


async def test_a_page_is_given(port: int) -> None:
    """The answer has its length, and the connection is closed."""
    answer = await ask(port, b"GET /hello?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (status(answer), body) == (200, b"hello\n")
    assert b"Content-Length: 6\r\nCache-Control: no-store\r\nConnection: close" in head


async def test_only_the_head_is_given_where_that_is_asked(port: int) -> None:
    """HEAD is as harmless as GET."""
    answer = await ask(port, b"HEAD /hello HTTP/1.0\r\n\r\n")
    assert status(answer) == 200
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (b"GET / HTTP/1.1", 404),
        (b"GET /hello/ HTTP/1.1", 404),
        (b"GET /../hello HTTP/1.1", 404),
        (b"GET /%68ello HTTP/1.1", 404),
        (b"GET \xff HTTP/1.1", 404),
        (b"POST /other HTTP/1.1", 404),
        (b"POST /hello HTTP/1.1", 405),
        (b"DELETE /hello HTTP/1.1", 405),
        (b"get /hello HTTP/1.1", 405),
        (b"GET /hello", 400),
        (b"GET /hello SIP/2.0", 400),
        (b"", 400),
    ],
)
async def test_nothing_else_is_answered(port: int, request_line: bytes, expected: int) -> None:
    """The answer is a status, without a word about the server."""
    answer = await ask(port, request_line + b"\r\n\r\n")
    assert status(answer) == expected
    assert answer.partition(b"\r\n\r\n")[2].lower().strip() in (
        b"not found", b"method not allowed", b"bad request",
    )  # fmt: skip
    assert b"Server:" not in answer


@pytest.mark.parametrize(
    "request_", [b"x" * 100_000, b"GET /hello HTTP/1.1\r\n" + b"a: b\r\n" * 9999, b"GET /hel"]
)
async def test_what_has_no_end_is_hung_up_on(
    port: int, request_: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut by its length, or by the time that it takes. Other requests are answered."""
    monkeypatch.setattr(http, "TIMEOUT", 0.1)
    assert await ask(port, request_) == b""
    assert status(await ask(port, b"GET /hello HTTP/1.1\r\n\r\n")) == 200


async def test_a_defect_is_not_told(port: int) -> None:
    """It is logged, and ends only this connection."""
    assert await ask(port, b"GET /broken HTTP/1.1\r\n\r\n") == b""
    assert status(await ask(port, b"GET /hello HTTP/1.1\r\n\r\n")) == 200


@pytest.mark.parametrize(
    ("host", "header", "expected"),
    [
        (b"evil.example:16000", b"Accept-Language: en", 421),
        (b"EVIL.example.", b"accept-language:", 421),
        (b"evil.example", b"User-Agent: Mozilla/5.0 (X11; Linux x86_64)", 421),
        (b"node1.example.org:16000", b"User-Agent: Prometheus/3.5.0", 200),
        (b"node1:16000", b"Accept-Language: en", 200),
        (b"localhost:16000", b"Accept-Language: en", 200),
        (b"127.0.0.1:16000", b"Accept-Language: en", 200),
        (b"[::ffff:127.0.0.1]:16000", b"Accept-Language: en", 200),
    ],
)
async def test_a_page_of_another_site_cannot_read_by_a_name_of_its_own(
    port: int, host: bytes, header: bytes, expected: int
) -> None:
    """It may let its name resolve to this address. Whatever is no browser may use any name."""
    head = b"GET /hello HTTP/1.1\r\nHost: " + host + b"\r\n" + header + b"\r\n\r\n"
    answer = await ask(port, head)
    assert status(answer) == expected
    assert (b"hello" in answer) == (expected == 200)


async def idlers(port: int, count: int) -> list[Streams]:
    """Connections on which nothing is sent."""
    return [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]


async def hang_up(connections: list[Streams]) -> None:
    for _, writer in connections:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_who_says_nothing_keeps_nobody_out(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are and however long they may stay, the oldest one makes room."""
    monkeypatch.setattr(http, "TIMEOUT", 3600.0)
    idle = await idlers(port, 5 * http.CONNECTIONS)
    for _ in range(3):
        assert status(await ask(port, b"GET /hello HTTP/1.1\r\n\r\n")) == 200
    assert await idle[0][0].read() == b""
    reader, writer = idle[-1]
    writer.write(b"GET /hello HTTP/1.1\r\n\r\n")
    assert status(await reader.read()) == 200
    await hang_up(idle)


async def test_who_does_not_take_the_answer_keeps_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It makes room, as a connection does on which nothing is sent."""
    monkeypatch.setattr(http, "TIMEOUT", 3600.0)

    async def huge() -> Page:
        return Page(b"x" * 1_000_000)

    server = await serve_pages("127.0.0.1", 0, {"/hello": hello, "/huge": huge})
    server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # what the kernel holds
    port = server.sockets[0].getsockname()[1]
    slow = await idlers(port, http.CONNECTIONS)
    for reader, writer in slow:
        writer.write(b"GET /huge HTTP/1.1\r\n\r\n")
        assert await reader.readexactly(1) == b"H"
    assert status(await ask(port, b"GET /hello HTTP/1.1\r\n\r\n")) == 200
    await hang_up(slow)
    server.close()


async def test_more_than_a_few_pages_are_not_made_at_once() -> None:
    """Many requests to this port therefore cost the chat nothing. Those beyond the bound get no
    answer."""
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slow() -> Page:
        begun.release()
        await go_on.wait()
        return Page(b"at last")

    server = await serve_pages("127.0.0.1", 0, {"/slow": slow})
    port = server.sockets[0].getsockname()[1]
    asked = [
        asyncio.create_task(ask(port, b"GET /slow HTTP/1.1\r\n\r\n"))
        for _ in range(http.CONNECTIONS)
    ]
    for _ in asked:
        await begun.acquire()
    assert await ask(port, b"GET /slow HTTP/1.1\r\n\r\n") == b""
    go_on.set()
    assert [status(answer) for answer in await asyncio.gather(*asked)] == [200] * http.CONNECTIONS
    server.close()
