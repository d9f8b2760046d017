"""Connections that say nothing, or next to nothing."""

import asyncio
import contextlib
import socket
import ssl
import time
from pathlib import Path

from tests.integration.abuse.attackers import attacker, attackers, last_words, raise_file_limit
from tests.integration.abuse.bystanders import memory_of, undisturbed
from tests.integration.certificates import Files
from tests.integration.server_process import ServerProcess
from tests.integration.test_tls import options as tls_options

MIB = 1024 * 1024
MANY = 5_000
HALFWAY = 2_000
OF_EACH_ADDRESS = 200  # fewer than a tenth of what the others leave free


async def test_thousands_of_connections_that_say_nothing(tmp_path: Path) -> None:
    """There are as many as the limits allow. All are closed once their time to log in is over or,
    for the last few at each address, their time at a menu."""
    count = min(MANY, raise_file_limit() - 500)

    def sit(port: int) -> list[bytes]:
        with contextlib.ExitStack() as stack:
            idlers = [
                stack.enter_context(attacker(port, f"127.0.0.{2 + number // OF_EACH_ADDRESS}"))
                for number in range(count)
            ]
            return [last_words(idler) for idler in idlers]

    options = ["--login-seconds", "5", "--menu-seconds", "10", "--hashing", "cheap"]
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        async with undisturbed(server):
            before = memory_of(server)
            words = await asyncio.to_thread(sit, server.port)
            assert all(b"login_timeout" in said for said in words)
            assert memory_of(server) - before < 200 * MIB


async def test_slowloris(tmp_path: Path) -> None:
    """A frame that comes byte by byte is no login. Even if only a few do so, none of them stays."""

    def dawdle(port: int) -> None:
        with attackers(port, 300) as crowd:
            left = set(crowd)
            deadline = time.monotonic() + 60
            while left:
                assert time.monotonic() < deadline, f"{len(left)} are still there"
                left = {sock for sock in left if still_takes(sock, b"{")}
                time.sleep(0.1)

    def still_takes(sock: socket.socket, data: bytes) -> bool:
        try:
            sock.sendall(data)
        except ConnectionError:
            return False
        return True

    options = ["--login-seconds", "2", "--hashing", "cheap"]
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        async with undisturbed(server):
            await asyncio.to_thread(dawdle, server.port)


async def test_handshakes_that_never_end(tmp_path: Path) -> None:
    """Two thousand have begun TLS, or not even that. All are disconnected, and others get in."""
    files = Files.issued(tmp_path)

    def stop_halfway(port: int) -> list[bytes]:
        hello = client_hello()
        with contextlib.ExitStack() as stack:
            socks = [
                stack.enter_context(attacker(port, f"127.0.0.{2 + number % 2}"))
                for number in range(HALFWAY)
            ]
            for number, sock in enumerate(socks):
                sock.sendall(hello[: number % len(hello)])
            return [last_words(sock) for sock in socks]

    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *tls_options(files)) as server:
        async with undisturbed(server, files.trusting()):
            before = memory_of(server)
            words = await asyncio.to_thread(stop_halfway, server.port)
            assert set(words) == {b""}
            assert memory_of(server) - before < 200 * MIB


def client_hello() -> bytes:
    """The first message with which a client begins TLS."""
    out = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(
            ssl.MemoryBIO(), out, server_hostname="chat.example"
        ).do_handshake()
    return out.read()
