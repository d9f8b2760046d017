"""TLS by the server itself, with real sockets and certificates made for the test."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
import trustme

from adapters.client.chat_client import ChatClient
from adapters.client.errors import ConnectionLost, NeedsTls
from adapters.client.events import Message
from entrypoints.services.ports import free_port
from tests.eventually import PATIENCE, eventually
from tests.integration.certificates import Files
from tests.integration.chatter import LIVELY
from tests.integration.server_process import ROOT, ServerProcess, ended_server

HELLO = b'{"msgid":1012}\n'
IN_MEMORY = ["--store", "memory://"]
PROXIED = b"PROXY TCP4 203.0.113.9 127.0.0.1 40000 6000\r\n"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.issued(tmp_path)


def options(files: Files) -> list[str]:
    return [*files.options(), "--hashing", "cheap"]


@pytest.fixture
def server(files: Files) -> Iterator[ServerProcess]:
    with ServerProcess("memory://", *options(files)) as process:
        yield process


def greets(port: int, context: ssl.SSLContext, first: bytes = b"") -> str | None:
    """Connect; return the version of TLS once the server has answered a PING."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) as plain:
        plain.sendall(first)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as sock:
            sock.sendall(HELLO)
            assert b"1013" in sock.recv(1000)
            return sock.version()


async def test_a_client_without_tls_is_told_what_is_wrong(server: ServerProcess) -> None:
    """It is told at once, and does not retry first."""
    async with ChatClient.connect("127.0.0.1", server.port, settings=LIVELY) as client:
        with pytest.raises(NeedsTls, match=r"127\.0\.0\.1:\d+ uses TLS; connect with TLS"):
            await client.login("ann", "secret", wait=True)
        with pytest.raises(NeedsTls):
            _ = [event async for event in client.events()]


async def test_a_conversation_over_tls(server: ServerProcess, files: Files) -> None:
    """Two users talk as without TLS, and long messages arrive whole."""
    heard: list[str] = []

    def note(event: object) -> None:
        if isinstance(event, Message):
            heard.append(event.text)

    connect = partial(
        ChatClient.connect, "127.0.0.1", server.port, tls=files.trusting(), settings=LIVELY
    )
    async with connect() as ann, connect(on_event=note) as bob:
        await ann.login(await ann.register("Ann", "secret"), "secret")
        bob_id = await bob.register("Bob", "secret")
        await bob.login(bob_id, "secret")
        texts = [f"{number} {'漢' * 4000}" for number in range(100)]
        await asyncio.gather(*(ann.post(bob_id, text) for text in texts))
        await eventually(lambda: len(heard) >= len(texts))
    assert heard == texts


async def test_a_client_talks_to_the_right_server_alone(
    server: ServerProcess, files: Files
) -> None:
    """It refuses a certificate of an authority that it does not trust."""
    stranger = files.trusting(trustme.CA())
    with pytest.raises(ConnectionLost, match=r"(?i)certificate"):
        async with ChatClient.connect("127.0.0.1", server.port, tls=stranger, settings=LIVELY):
            pass


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_up(server: ServerProcess, files: Files, version: ssl.TLSVersion) -> None:
    """Both versions in use work."""
    context = files.trusting()
    context.minimum_version = context.maximum_version = version
    assert greets(server.port, context) == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_nothing_older(server: ServerProcess, files: Files) -> None:
    """TLS 1.1 is refused, and the server goes on."""
    context = files.trusting()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        greets(server.port, context)
    greets(server.port, files.trusting())


def test_who_speaks_without_tls_is_hung_up_on(server: ServerProcess, files: Files) -> None:
    """Nobody else is. The log says so."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as sock:
        sock.sendall(HELLO)
        with suppress(ConnectionResetError):
            while sock.recv(1000):
                pass
    greets(server.port, files.trusting())
    server.says("tls_failed")


def test_who_breaks_the_rules_of_tls_is_hung_up_on(server: ServerProcess, files: Files) -> None:
    """This holds even in the middle of a connection."""
    with (
        closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as plain,
        files.trusting().wrap_socket(plain, server_hostname="127.0.0.1") as sock,
    ):
        sock.sendall(HELLO)
        assert b"1013" in sock.recv(1000)
        os.write(sock.fileno(), b"this is no record")
        with pytest.raises(ssl.SSLError):
            sock.recv(1000)
    server.says("tls_failed")


def test_a_new_certificate_is_read_on_sighup(server: ServerProcess, files: Files) -> None:
    """Existing connections go on. A broken file changes nothing."""
    newer = trustme.CA()
    with (
        closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as plain,
        files.trusting().wrap_socket(plain, server_hostname="127.0.0.1") as before,
    ):
        files.issue(newer)
        os.kill(server.pid, signal.SIGHUP)
        server.says("certificate reloaded")
        greets(server.port, files.trusting(newer))
        with pytest.raises(ssl.SSLCertVerificationError):
            greets(server.port, files.trusting())
        files.cert.write_text("this is none")
        os.kill(server.pid, signal.SIGHUP)
        server.says("configuration not reloaded")
        greets(server.port, files.trusting(newer))
        before.sendall(HELLO)
        assert b"1013" in before.recv(1000)


def test_a_proxy_s_header_comes_before_the_handshake(files: Files) -> None:
    """It may be in one packet with the handshake's start: TLS is between client and server."""
    with ServerProcess(
        "memory://", *options(files), "--proxy-from", "127.0.0.0/8", "--log-level", "debug"
    ) as server:
        greets(server.port, files.trusting(), PROXIED)
        server.says("203.0.113.9")
        with pytest.raises(OSError):  # noqa: PT011  # reset, or closed in the handshake
            greets(server.port, files.trusting())
        server.says("bad_proxy_header")


def run_client(server: ServerProcess, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "entrypoints.cli_client", "127.0.0.1", str(server.port), *options],
        cwd=ROOT,
        input="3\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_line_client_makes_sure_of_the_server(
    server: ServerProcess, files: Files, tmp_path: Path
) -> None:
    """It does so by the system's certificates or by those of a file."""
    authority = tmp_path / "ca.pem"
    files.authority.cert_pem.write_to_path(authority)
    refused = run_client(server, "--tls")
    assert refused.returncode == 1
    assert ": its certificate is not trusted: " in refused.stderr
    accepted = run_client(server, "--tls-ca", str(authority))
    assert accepted.returncode == 0, accepted
    assert run_client(server, "--tls-ca", str(tmp_path / "none.pem")).returncode == 1


@pytest.mark.parametrize("port", ["--host", "--web-host"])
def test_an_open_server_without_tls_warns(port: str) -> None:
    """It does so in one line. A server on a loopback address or with TLS does not."""
    with ServerProcess("memory://") as server:
        assert "without TLS" not in server.log
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "entrypoints.tcp_server", "0", *IN_MEMORY),
            *("--web-port", str(free_port()), port, "0.0.0.0"),  # noqa: S104  # this is what it warns about
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as server_in_the_open:
        assert server_in_the_open.stderr is not None
        lines = iter(server_in_the_open.stderr.readline, "")
        warned = next(line for line in lines if "without TLS" in line)
        server_in_the_open.terminate()
        assert "--tls-cert" in warned
        assert not any("without TLS" in line for line in lines)


def test_a_file_that_is_not_there_is_refused() -> None:
    """The server says so in one line."""
    ended = ended_server("0", "--tls-cert", "no.pem", "--tls-key", "no.pem")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "no.pem" in line
