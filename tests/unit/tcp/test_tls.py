"""Handshakes: how long they may take, and what whoever does not finish one leaves behind."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import attrs
import pytest
import trustme

from adapters.gateway.endings import Ending
from adapters.tcp.certificate import Certificate
from adapters.tcp.tls import Leave, Secured

WITHIN = 0.05  # seconds
PATIENCE = 20.0


@attrs.define
class Hall:
    """Counts who is shaking hands, and notes how it ended."""

    inside: int = 0
    endings: list[Ending | None] = attrs.field(factory=list)

    def handshake_begins(self, peer: str) -> Leave | None:
        self.inside += 1

        def leave(trouble: Ending | None, detail: str) -> None:
            self.inside -= 1
            self.endings.append(trouble)

        return leave

    def in_turn(self, peer: str, work: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(work)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    issued = trustme.CA().issue_cert("127.0.0.1")
    chain, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    return Certificate(chain, key)


def client_hello() -> bytes:
    out = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(
            ssl.MemoryBIO(), out, server_hostname="x"
        ).do_handshake()
    return out.read()


async def say_nothing(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    for byte in client_hello():
        writer.write(bytes([byte]))
        await asyncio.sleep(WITHIN / 5)


async def stop_halfway(writer: asyncio.StreamWriter) -> None:
    writer.write(client_hello())
    await asyncio.Event().wait()


@pytest.mark.parametrize("dawdle", [say_nothing, drip, stop_halfway])
async def test_who_does_not_finish_a_handshake_is_hung_up_on(
    certificate: Certificate, dawdle: Callable[[asyncio.StreamWriter], "asyncio.Future[None]"]
) -> None:
    """Whatever comes meanwhile; and does not count as a connection any more."""
    hall = Hall()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Secured(certificate, lambda _: asyncio.Protocol(), hall, within=WITHIN), "127.0.0.1"
    )
    async with server, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        dawdling = asyncio.ensure_future(dawdle(writer))
        with suppress(ConnectionError):
            while await reader.read(1000):
                pass
        dawdling.cancel()
        await asyncio.wait({dawdling})
        writer.close()
    assert hall.endings == [Ending.TLS_FAILED]
    assert hall.inside == 0


class Outside(asyncio.Transport):
    """A socket, which keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("192.0.2.1", 1234) if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Inside(asyncio.Protocol):
    """Counts how often it is told that something waits."""

    told = 0

    def pause_writing(self) -> None:
        self.told += 1


async def test_what_openssl_says_to_who_does_not_read_is_told_of(certificate: Certificate) -> None:
    """With each read, for as long as something waits: by then it may be too much."""
    outside, inside = Outside(), Inside()
    secured = Secured(certificate, lambda _: inside, Hall())
    secured.connection_made(outside)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    to_client, from_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, from_client)
    for _ in range(2):
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        secured.data_received(from_client.read())
        await asyncio.sleep(0)
        to_client.write(outside.written)
        outside.written = b""
    secured.pause_writing()
    for said in (b"a", b"b"):
        client.write(said)
        secured.data_received(from_client.read())
    assert inside.told == 3
    secured.resume_writing()
    client.write(b"c")
    secured.data_received(from_client.read())
    assert inside.told == 3
