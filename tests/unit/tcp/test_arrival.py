"""Who the client of a connection is, and which of its data gets through, on both event loops."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_network
from typing import Any

import attrs
import pytest
import uvloop

from adapters.gateway.disconnect_reasons import DisconnectReason, ReportDisconnect
from adapters.gateway.link import Link
from adapters.tcp.arrival import Arrival, Proxies
from adapters.tcp.connection import Connection
from adapters.tcp.outboxes import Outboxes

HERE = ip_network("127.0.0.0/8")
ELSEWHERE = ip_network("192.0.2.0/24")
HEADER = b"PROXY TCP4 203.0.113.7 10.0.0.1 56324 8000\r\n"
DATA = b'{"msgid":1012}\n'
PATIENCE = 20.0  # seconds

Told = tuple[DisconnectReason, str, str]


class Talk:
    """A conversation that greets its client with their address, and answers with the number of
    bytes it receives."""

    def __init__(self, link: Link) -> None:
        self.link = link
        link.write(link.peer.encode())

    def received(self, data: bytes) -> None:
        self.link.write(b"%d" % len(data))

    def input_ended(self) -> None:
        self.link.write(b"bye")
        self.link.close(DisconnectReason.CLIENT_CLOSED)

    def choked(self) -> None: ...
    def unchoked(self) -> None: ...
    def lost(self, why: DisconnectReason) -> None: ...


@attrs.frozen
class Visitor:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def says(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)  # gives the server a turn, to read the pieces one by one

    async def hears(self, expected: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            assert await self.reader.readexactly(len(expected)) == expected

    async def hears_the_end(self) -> None:
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionResetError):
                assert await self.reader.read() == b""


@asynccontextmanager
async def visitor(
    proxies: Any = HERE,
    silence: float = PATIENCE,
    left: ReportDisconnect = lambda *_: None,
    ended: asyncio.Event | None = None,
    *,
    required: bool = True,
) -> AsyncIterator[Visitor]:
    """Connect to a server. ended: set when a connection ends before it has a conversation."""
    outboxes = Outboxes()

    class Watched(Arrival):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if ended is not None:
                ended.set()

    def connect(peer: str | None) -> Connection:
        return Connection(Talk, outboxes, peer)

    async with AsyncExitStack() as stack:
        server = await asyncio.get_running_loop().create_server(
            lambda: Watched(Proxies([proxies]), connect, left, silence, required=required),
            "127.0.0.1",
            0,
        )
        stack.callback(server.close)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        stack.callback(writer.close)
        yield Visitor(reader, writer)


Run = Callable[[Coroutine[Any, Any, None]], None]


def on_both_loops(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[Run], None]:
    """Each loop has its own way to change a transport's protocol."""

    def on_one_loop(run: Run) -> None:
        run(test())

    on_one_loop.__doc__ = test.__doc__
    return pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])(
        on_one_loop
    )


@on_both_loops
async def test_a_proxy_says_who_the_client_is() -> None:
    """The conversation begins with the client's own data and address."""
    async with visitor() as proxy:
        await proxy.says(HEADER + DATA)
        await proxy.hears(b"203.0.113.7\n%d\n" % len(DATA))


@on_both_loops
async def test_a_proxy_may_have_another_way_to_say_it() -> None:
    """Data that does not begin like a header is then the client's."""
    async with visitor(required=False) as proxy:
        await proxy.says(DATA)
        await proxy.hears(b"127.0.0.1\n%d\n" % len(DATA))
    async with visitor(required=False) as proxy:
        await proxy.says(HEADER + DATA)
        await proxy.hears(b"203.0.113.7\n%d\n" % len(DATA))
    async with visitor(required=False) as proxy:
        await proxy.says(b"PROXY nonsense\r\n")
        await proxy.hears_the_end()


@on_both_loops
async def test_a_header_may_come_in_pieces() -> None:
    """The network may cut it anywhere."""
    async with visitor() as proxy:
        await proxy.says(*(bytes([byte]) for byte in HEADER), DATA)
        await proxy.hears(b"203.0.113.7\n%d\n" % len(DATA))


@on_both_loops
async def test_what_follows_is_data_only() -> None:
    """Only one header is read, so a client cannot add a second one."""
    async with visitor() as proxy:
        await proxy.says(HEADER + HEADER)
        await proxy.hears(b"203.0.113.7\n%d\n" % len(HEADER))


@on_both_loops
async def test_who_has_no_header_is_refused() -> None:
    """Another program on the proxy's machine is not the proxy. The refusal is reported without the
    data."""
    told: list[Told] = []
    async with visitor(left=lambda *what: told.append(what)) as client:
        await client.says(DATA)
        await client.hears_the_end()
    assert told == [(DisconnectReason.BAD_PROXY_HEADER, "127.0.0.1", "there is none")]


@on_both_loops
async def test_nobody_else_is_believed() -> None:
    """From another address, a header is ordinary data, and no valid JSON."""
    async with visitor(proxies=ELSEWHERE) as client:
        await client.says(HEADER)
        await client.hears(b"127.0.0.1\n%d\n" % len(HEADER))


@on_both_loops
async def test_a_bad_header_ends_the_connection() -> None:
    """The client's address would be unknown, and its data a guess. The refusal is reported with the
    header."""
    told: list[Told] = []
    async with visitor(left=lambda *what: told.append(what)) as proxy:
        await proxy.says(b"PROXY TCP5" + HEADER)
        await proxy.hears_the_end()
    ((why, address, detail),) = told
    assert (why, address) == (DisconnectReason.BAD_PROXY_HEADER, "127.0.0.1")
    assert "TCP5" in detail


@on_both_loops
async def test_who_is_silent_is_refused() -> None:
    """A proxy speaks first, whatever its client does. An unfinished header is refused too."""
    for beginning in (b"", b"PROXY TCP4 203"):
        told: list[Told] = []
        async with visitor(silence=0.01, left=lambda *what, told=told: told.append(what)) as client:
            await client.says(beginning)
            await client.hears_the_end()
        assert told == [
            (DisconnectReason.BAD_PROXY_HEADER, "127.0.0.1", "it has not come within 0 s")
        ]


@on_both_loops
async def test_an_end_in_the_header_is_told() -> None:
    """It was no health check."""
    told: list[Told] = []
    async with visitor(left=lambda *what: told.append(what)) as client:
        await client.says(b"PROXY TCP4 203")
        client.writer.write_eof()
        await client.hears_the_end()
    assert told == [(DisconnectReason.BAD_PROXY_HEADER, "127.0.0.1", "it does not end")]


LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"


@on_both_loops
async def test_a_health_check_is_nobody_s_business() -> None:
    """It sends nothing, or a header without a client, and closes or resets the connection. It is
    not reported."""
    told: list[Told] = []
    for words in (b"", LOCAL, b"PROXY UNKNOWN\r\n"):
        for polite in (True, False):
            ended = asyncio.Event()
            async with visitor(left=lambda *what: told.append(what), ended=ended) as check:
                await check.says(words)
                if polite:
                    check.writer.write_eof()
                else:
                    check.writer.transport.abort()
                async with asyncio.timeout(PATIENCE):
                    await ended.wait()
    assert told == []


@on_both_loops
async def test_a_proxy_may_speak_for_itself() -> None:
    """If its header names no client, the proxy itself is the client, with its own address."""
    async with visitor() as proxy:
        await proxy.says(LOCAL, DATA)
        await proxy.hears(b"127.0.0.1\n%d\n" % len(DATA))
    async with visitor(silence=0.2) as proxy:
        await proxy.says(LOCAL)
        await proxy.hears(b"127.0.0.1\n")
        await proxy.says(DATA)
        await proxy.hears(b"%d\n" % len(DATA))


@on_both_loops
async def test_an_early_end_is_passed_on() -> None:
    """A client that closes its sending side at once still gets an answer."""
    async with visitor() as client:
        await client.says(HEADER)
        client.writer.write_eof()
        await client.hears(b"203.0.113.7\nbye\n")
        await client.hears_the_end()
