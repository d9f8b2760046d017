"""Too much of everything, from one address; another one goes on as if there were nothing."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.integration.abuse.attackers import (
    ask,
    attacker,
    attackers,
    next_frame,
    send_what_goes,
)
from tests.integration.abuse.bystanders import memory_of, undisturbed
from tests.integration.chatter import connected
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess

MIB = 1024 * 1024
SECONDS = 5.0


async def test_a_flood_of_logins(tmp_path: Path) -> None:
    """Passwords are hashed at their full price; who logs in from elsewhere has their turn."""

    def flood(port: int, number: int) -> int:
        ends, count = time.monotonic() + SECONDS, 0
        with attacker(port) as sock:
            while time.monotonic() < ends:
                count += 1
                name = f"nobody {number} {count}"
                answer = ask(sock, msgid=1000, name=name, password="guess", v=2)
                assert answer["error"] in ("bad_credentials", "try_again"), answer
        return count

    store = f"sqlite:///{tmp_path}/chat.db"
    with ServerProcess(store) as server, ThreadPoolExecutor(130) as pool:
        loop = asyncio.get_running_loop()
        async with undisturbed(server), connected(server.port) as guest:
            user_id = await guest.client.register("a guest", "secret")
            floods = [loop.run_in_executor(pool, flood, server.port, n) for n in range(130)]
            for _ in range(3):
                await guest.client.login(user_id, "secret")
                await guest.client.logout()
            await asyncio.gather(*floods)


async def test_failures_lock_nobody_out(server: ServerProcess) -> None:
    """Who guesses Anna's password has to wait; Anna, elsewhere, has not."""

    def guess(port: int, user_id: int) -> list[str]:
        def once(_: int) -> str:
            with attacker(port) as sock:
                answer = ask(sock, msgid=1000, id=user_id, password="guess", v=2)
                return str(answer["error"])

        with ThreadPoolExecutor(40) as pool:
            return list(pool.map(once, range(200)))

    async with undisturbed(server), connected(server.port) as anna:
        user_id = await anna.client.register("anna the target", "secret")
        errors = await asyncio.to_thread(guess, server.port, user_id)
        assert errors.count("bad_credentials") < 30
        assert errors.count("too_many_failures") > 150
        await anna.client.login(user_id, "secret")


async def test_a_flood_of_registrations(tmp_path: Path) -> None:
    """An address has its share in an hour; another one has its own."""
    options = ["--registrations-per-hour", "20", "--hashing", "cheap"]

    def flood(port: int) -> list[int]:
        with attacker(port) as sock:
            return [
                ask(sock, msgid=1003, name=f"sock puppet {number}", password="x")["errno"]
                for number in range(100)
            ]

    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        async with undisturbed(server):
            errors = await asyncio.to_thread(flood, server.port)
            assert errors == [0] * 20 + [48] * 80
            with RawClient(server.port) as honest:
                honest.register("somebody honest")


async def test_a_flood_of_frames(server: ServerProcess) -> None:
    """Good ones and bad ones; reading pauses, so little of it gets in, and memory stays."""

    def flood(port: int, data: bytes) -> int:
        with attacker(port) as sock:
            return send_what_goes(sock, data, SECONDS)

    kinds = [b"{}\n", b"x" * 100 + b"\n", b'{"msgid":1012}\n', b'{"msgid":1022}\n', b"\n" * 1000]
    async with undisturbed(server):
        before = memory_of(server)
        with ThreadPoolExecutor(10) as pool:
            loop = asyncio.get_running_loop()
            await asyncio.gather(
                *(loop.run_in_executor(pool, flood, server.port, 100 * kind) for kind in 2 * kinds)
            )
        assert memory_of(server) - before < 100 * MIB


async def test_a_client_that_never_reads(server: ServerProcess) -> None:
    """Whatever it asks for; what it is sent meanwhile waits for it on disk."""

    def never_read(port: int) -> None:
        with attacker(port) as sock:
            user_id = ask(sock, msgid=1003, name="deaf", password="secret")["id"]
            ask(sock, msgid=1000, id=user_id, password="secret", v=2)
            chat = {"msgid": 1005, "toid": user_id, "msg": "x" * 4096}
            requests = json.dumps(chat).encode() + b"\n" + b'{"msgid":1031,"seq":1}\n' * 50
            send_what_goes(sock, requests, SECONDS)

    async with undisturbed(server):
        before = memory_of(server)
        await asyncio.to_thread(never_read, server.port)
        assert memory_of(server) - before < 100 * MIB


async def test_a_closed_server_takes_no_registrations(tmp_path: Path) -> None:
    """It says so, whatever the name; those who are there are served."""
    store = f"sqlite:///{tmp_path}/chat.db"
    with ServerProcess(store, "--hashing", "cheap") as server, RawClient(server.port) as client:
        user_id = client.register("an early one")
    closed = ServerProcess(store, "--hashing", "cheap", "--registration", "closed")
    with closed as server, attacker(server.port) as sock:
        for name in ("a late one", "an early one", "42"):
            answer = ask(sock, msgid=1003, name=name, password="x")
            assert (answer["msgid"], answer["error"]) == (1004, "registration_closed")
        assert ask(sock, msgid=1000, id=user_id, password="secret", v=2)["errno"] == 0


async def test_who_is_one_too_many_is_told(tmp_path: Path) -> None:
    """And the next one, when another has gone, is let in."""
    options = ["--connections-per-address", "3", "--hashing", "cheap"]
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        async with undisturbed(server):
            with attackers(server.port, 3) as first, attacker(server.port) as fourth:
                assert next_frame(fourth)["error"] == "too_many_connections"
                first[0].close()
                while True:
                    with attacker(server.port) as another:
                        if ask(another, msgid=1012)["msgid"] == 1013:
                            break
