"""One attacker with many addresses, which everybody has with IPv6."""

import asyncio
import itertools
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from tests.integration.abuse.attackers import ELSEWHERE, ask, attacker
from tests.integration.abuse.bystanders import come_and_go, undisturbed
from tests.integration.raw_client import PATIENCE, RawClient
from tests.integration.server_process import ServerProcess

FLOODS = 250  # more than may wait for their passwords to be hashed
BEHIND_PROXY = ("--proxy-from", f"{ELSEWHERE}/32")


def ipv6_address(number: int) -> str:
    """An address in a /64 network of its own; all of these are in one /56 network."""
    return f"2001:db8:1:{number % 256:x}::1"


def from_ipv6(port: int, number: int) -> socket.socket:
    """A connection through a proxy, which says that it comes from there."""
    sock = attacker(port)
    sock.sendall(f"PROXY TCP6 {ipv6_address(number)} ::1 50000 6000\r\n".encode())
    return sock


@asynccontextmanager
async def logins_from_everywhere(connect: Callable[[int], socket.socket]) -> AsyncIterator[None]:
    """During the `with` block, FLOODS connections repeatedly try to log in. connect: makes one."""
    some_are_refused, done = threading.Event(), threading.Event()

    def flood(number: int) -> None:
        names = (f"nobody {number} {count}" for count in itertools.count())
        with connect(number) as sock:
            while not done.is_set():
                answer = ask(sock, msgid=1000, name=next(names), password="guess", v=2)
                assert answer["error"] in ("bad_credentials", "try_again"), answer
                if answer["error"] == "try_again":
                    some_are_refused.set()

    with ThreadPoolExecutor(FLOODS) as pool:
        loop = asyncio.get_running_loop()
        floods = [loop.run_in_executor(pool, flood, number) for number in range(FLOODS)]
        try:
            await asyncio.to_thread(some_are_refused.wait, PATIENCE)
            yield
        finally:
            done.set()
            await asyncio.gather(*floods)


async def test_connections_from_one_site(tmp_path: Path) -> None:
    """A /56 network may have as many as two addresses, however many addresses it has."""

    def hold(port: int) -> Iterator[socket.socket]:
        for number in range(300):
            sock = from_ipv6(port, number)
            if ask(sock, msgid=1012)["msgid"] != 1013:
                sock.close()
                return
            yield sock

    options = ["--connections-per-address", "50", "--hashing", "cheap"]
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options, *BEHIND_PROXY) as server:
        async with undisturbed(server):
            held = await asyncio.to_thread(lambda: list(hold(server.port)))
            try:
                assert len(held) == 100
                await asyncio.to_thread(come_and_go, server.port)
            finally:
                for sock in held:
                    sock.close()


async def test_logins_from_one_site(tmp_path: Path) -> None:
    """Its 256 networks wait behind each other for their passwords to be hashed, at full cost;
    others do not wait behind them."""

    store = f"sqlite:///{tmp_path}/chat.db"
    with ServerProcess(store, *BEHIND_PROXY) as server:
        floods = logins_from_everywhere(lambda number: from_ipv6(server.port, number))
        async with undisturbed(server), floods:
            await asyncio.to_thread(come_and_go, server.port)


async def test_logins_from_250_addresses(tmp_path: Path) -> None:
    """None of them has more than one password waiting. Places are kept for addresses that have been
    here before, and these have every other turn."""

    def from_anywhere(number: int) -> socket.socket:
        return attacker(server.port, f"127.0.1.{1 + number}")

    with ServerProcess(f"sqlite:///{tmp_path}/chat.db") as server:
        async with undisturbed(server), logins_from_everywhere(from_anywhere):
            await asyncio.to_thread(come_and_go, server.port)


async def test_connections_from_ten_addresses(tmp_path: Path) -> None:
    """Each takes as many as it gets. Some room is left for other addresses, and more for those that
    have been here before."""

    def take_all(port: int) -> Iterator[socket.socket]:
        addresses = [f"127.0.1.{number}" for number in range(1, 11)]
        while addresses:
            sock = attacker(port, addresses[0])
            if ask(sock, msgid=1012)["msgid"] == 1013:
                yield sock
                addresses.append(addresses.pop(0))
            else:
                sock.close()
                del addresses[0]

    options = ["--connections", "300", "--connections-per-address", "100", "--hashing", "cheap"]
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        async with undisturbed(server):
            held = await asyncio.to_thread(lambda: list(take_all(server.port)))
            try:
                assert 100 < len(held) < 150  # a tenth each of what is left of 225
                with attacker(server.port, "127.0.2.1") as stranger:
                    assert ask(stranger, msgid=1012)["msgid"] == 1013
                with ExitStack() as stack:
                    for _ in range(10):
                        guest = stack.enter_context(RawClient(server.port))
                        assert guest.is_alive()
                await asyncio.to_thread(come_and_go, server.port)
            finally:
                for sock in held:
                    sock.close()
