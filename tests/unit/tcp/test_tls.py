"""TLS handshakes: how long they may take, and what an unfinished one leaves behind."""

import asyncio
import os
import resource
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

import attrs
import pytest
import trustme

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.tcp.certificate import Certificate
from adapters.tcp.records import BLANKS
from adapters.tcp.tls import Leave, TlsTransport
from tests.unit.tcp.outside import Outside
from tests.unit.tcp.tls_client import TlsClient

WITHIN = 0.05  # seconds
PATIENCE = 20.0
MIB = 1024 * 1024


@attrs.define
class Hall:
    """Counts the handshakes under way, and records how each has ended, and whether the server had
    answered before each step."""

    inside: int = 0
    reasons: list[DisconnectReason | None] = attrs.field(factory=list)
    answered: list[bool] = attrs.field(factory=list)

    def handshake_begins(self, peer: str) -> Leave | None:
        self.inside += 1

        def leave(reason: DisconnectReason | None, detail: str) -> None:
            self.inside -= 1
            self.reasons.append(reason)

        return leave

    def in_turn(self, peer: str, work: Callable[[], None], *, answered: bool) -> None:
        self.answered.append(answered)
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
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(
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
    """Bytes that arrive meanwhile do not extend the time. The connection then no longer counts."""
    hall = Hall()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: TlsTransport(certificate, lambda _: asyncio.Protocol(), hall, within=WITHIN),
        "127.0.0.1",
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
    assert hall.reasons == [DisconnectReason.TLS_FAILED]
    assert hall.inside == 0


class Inside(asyncio.Protocol):
    """Counts how often it is told that something waits, and keeps what it receives."""

    def __init__(self) -> None:
        self.told = 0
        self.heard: list[bytes] = []
        self.ended = False
        self.patience = 1_000_000  # how many reads it receives before it pauses

    def pause_writing(self) -> None:
        self.told += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def eof_received(self) -> bool:
        self.ended = True
        return True

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)
        self.patience -= 1
        if not self.patience:
            self.transport.pause_reading()


@attrs.frozen
class Connected:
    """Both ends of a connection. hall: counts its handshake."""

    secured: TlsTransport
    outside: Outside
    inside: Inside
    client: TlsClient
    hall: Hall


def connect(certificate: Certificate, keys: Path) -> Connected:
    outside, inside, hall = Outside(), Inside(), Hall()
    secured = TlsTransport(certificate, lambda _: inside, hall)
    secured.connection_made(outside)
    return Connected(secured, outside, inside, TlsClient(secured, outside, keys), hall)


@pytest.fixture
async def connected(certificate: Certificate, tmp_path: Path) -> Connected:
    return connect(certificate, tmp_path / "keys")


async def test_a_step_says_whether_the_server_has_answered(connected: Connected) -> None:
    """The first one, which may bring a part of the ClientHello only, comes before any answer."""
    hall, hello = connected.hall, client_hello()
    for part in (hello[:100], hello[100:], b"x"):
        await connected.client.send(part)
    assert hall.answered == [False, False, True]


async def test_what_openssl_says_to_who_does_not_read_is_told_of(connected: Connected) -> None:
    """Each read reports it while something waits, for it may be too much by then."""
    secured, inside, client = connected.secured, connected.inside, connected.client
    await client.shake_hands()
    secured.pause_writing()
    for said in (b"a", b"b"):
        await client.send(client.sealed(said))
    assert inside.told == 3
    secured.resume_writing()
    await client.send(client.sealed(b"c"))
    assert inside.told == 3


async def test_new_keys_now_and_then_are_taken(connected: Connected) -> None:
    """Reads without data are passed on too, since they count."""
    await connected.client.shake_hands()
    await connected.client.send(connected.client.new_keys(3))
    assert not connected.outside.closed
    assert connected.inside.heard == [b""]


async def test_who_sends_new_keys_without_end_is_hung_up_on(connected: Connected) -> None:
    """Each costs as much as a frame, and contains nothing that could be counted."""
    await connected.client.shake_hands()
    await connected.client.send(connected.client.new_keys(BLANKS + 1))
    assert connected.outside.closed


async def test_a_handshake_that_comes_byte_by_byte_is_not_waited_for(connected: Connected) -> None:
    """Each read takes a turn, and nothing else counts them."""
    for byte in client_hello():
        await connected.client.send(bytes([byte]))
        if connected.outside.closed:
            break
    assert connected.outside.closed
    assert connected.hall.reasons == [DisconnectReason.TLS_FAILED]


def hello_of(size: int) -> bytes:
    """The beginning of a ClientHello of this many bytes."""
    return b"\x16\3\1\0\4\1" + size.to_bytes(3)


async def test_a_first_message_that_will_be_very_long_is_refused(connected: Connected) -> None:
    """OpenSSL would make room for all of it, for a client that has sent nine bytes."""
    await connected.client.send(hello_of(128 * 1024))
    assert connected.outside.closed
    assert connected.hall.reasons == [DisconnectReason.TLS_FAILED]


@pytest.mark.parametrize("more", [b"", hello_of(128 * 1024)])
async def test_so_is_a_second_first_message(
    certificate: Certificate, tmp_path: Path, more: bytes
) -> None:
    """A client has to send one if the server supports none of the keys that it offers."""
    certificate.context.set_ecdh_curve("secp384r1")
    connected = connect(certificate, tmp_path / "keys")
    await connected.client.send(client_hello())
    assert not connected.outside.closed
    await connected.client.send(more)
    assert connected.outside.closed == bool(more)


async def test_who_has_to_offer_another_key_is_served(
    certificate: Certificate, tmp_path: Path
) -> None:
    """The second first message is taken like the first."""
    certificate.context.set_ecdh_curve("secp384r1")
    connected = connect(certificate, tmp_path / "keys")
    await connected.client.shake_hands()
    await connected.client.send(connected.client.sealed(b"a"))
    assert connected.inside.heard == [b"a"]


async def test_nothing_more_is_read_before_all_that_has_come_is_handed_on(
    connected: Connected,
) -> None:
    """Otherwise more would wait each time that the inside resumes reading for a moment."""
    outside, inside, client = connected.outside, connected.inside, connected.client
    await client.shake_hands()
    texts = [b"a", b"b", b"c"]
    inside.patience = 1
    await client.send(b"".join(map(client.sealed, texts)))
    for heard in (1, 2):
        assert inside.heard == texts[:heard]
        inside.patience = 1
        inside.transport.resume_reading()
        assert not outside.reads
        await asyncio.sleep(0)
    assert inside.heard == texts
    inside.transport.resume_reading()
    await asyncio.sleep(0)
    assert outside.reads


async def test_what_comes_behind_a_good_bye_is_not_kept(connected: Connected) -> None:
    """It is the end of the client's input. The server discards any amount of what follows, until
    the connection ends."""
    await connected.client.shake_hands()
    assert not connected.inside.ended
    await connected.client.send(connected.client.good_bye())
    assert connected.inside.ended
    before = memory()
    for _ in range(50):
        await connected.client.send(bytes(MIB))
    assert memory() - before < 20 * MIB


async def test_nothing_is_held_of_what_has_gone_through(
    certificate: Certificate, tmp_path: Path
) -> None:
    """OpenSSL's buffers never shrink, so little data may be in them at once."""
    text = os.urandom(MIB)
    connections = []
    before = memory()
    for _ in range(20):
        one = connect(certificate, tmp_path / "keys")
        await one.client.shake_hands()
        await one.client.send(one.client.sealed(text))
        assert b"".join(one.inside.heard) == text
        one.inside.heard.clear()
        one.outside.writes = 0
        one.secured.write(text)
        assert one.outside.writes == 1
        assert one.client.opened(len(text)) == text
        connections.append(one.secured)
    assert memory() - before < 20 * MIB


def memory() -> int:
    """The bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
