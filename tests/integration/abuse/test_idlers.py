"""Connections that say nothing, or next to nothing."""

import asyncio
import contextlib
import socket
import time
from pathlib import Path

from chat_domain.origins import CROWD
from tests.integration.abuse.attackers import attacker, attackers, last_words, raise_file_limit
from tests.integration.abuse.bystanders import memory_of, undisturbed
from tests.integration.server_process import ServerProcess

MIB = 1024 * 1024
MANY = 5_000
OF_EACH_ADDRESS = 1_000


async def test_thousands_of_connections_that_say_nothing(tmp_path: Path) -> None:
    """As many as the limits allow; all are closed once their time to log in is over."""
    count = min(MANY, raise_file_limit() - 500)

    def sit(port: int) -> list[bytes]:
        with contextlib.ExitStack() as stack:
            idlers = [
                stack.enter_context(attacker(port, f"127.0.0.{2 + number // OF_EACH_ADDRESS}"))
                for number in range(count)
            ]
            return [last_words(idler) for idler in idlers]

    options = ["--login-seconds", "5", "--hashing", "cheap"]
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        async with undisturbed(server):
            before = memory_of(server)
            words = await asyncio.to_thread(sit, server.port)
            assert all(b"login_timeout" in said for said in words)
            assert memory_of(server) - before < 200 * MIB


async def test_slowloris(tmp_path: Path) -> None:
    """A frame that comes byte by byte is no login; such a crowd is closed, but for a few."""

    def dawdle(port: int) -> None:
        with attackers(port, 300) as crowd:
            left = set(crowd)
            deadline = time.monotonic() + 60
            while len(left) > CROWD:
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


async def test_a_few_may_sit_at_their_menus(tmp_path: Path) -> None:
    """The original client does so before it says anything: it is closed much later."""
    options = ["--login-seconds", "1", "--hashing", "cheap"]

    def sit(port: int) -> None:
        with attacker(port) as sock:
            sock.settimeout(4)
            with contextlib.suppress(TimeoutError):
                assert sock.recv(1000) == b"nothing is said"

    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        await asyncio.to_thread(sit, server.port)
