"""Too much of everything from one address, while other addresses go on undisturbed."""

import asyncio
import json
import re
import select
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

from adapters.sqlite import sqlite_store
from tests.integration.abuse.attackers import (
    ask,
    attacker,
    attackers,
    blast,
    next_frame,
    send_what_goes,
)
from tests.integration.abuse.bystanders import come_and_go, memory_of, undisturbed
from tests.integration.chatter import connected
from tests.integration.many import large_group
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess

MIB = 1024 * 1024
SECONDS = 5.0
PHASE = 1.5  # seconds for each of several kinds of attacks
LARGE = 3_000  # members of a group
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset
FLOODS = 225  # more than may wait for their passwords to be hashed


async def test_a_flood_of_logins(tmp_path: Path) -> None:
    """Passwords are hashed at full cost. Users who log in from elsewhere get their turn, even if a
    few addresses together fill the queue."""

    def flood(port: int, number: int) -> int:
        ends, count = time.monotonic() + SECONDS, 0
        with attacker(port, f"127.0.0.{2 + number % 3}") as sock:
            while time.monotonic() < ends:
                count += 1
                name = f"nobody {number} {count}"
                answer = ask(sock, msgid=1000, name=name, password="guess", v=2)
                assert answer["error"] in ("bad_credentials", "try_again"), answer
        return count

    store = f"sqlite:///{tmp_path}/chat.db"
    with ServerProcess(store) as server, ThreadPoolExecutor(FLOODS) as pool:
        loop = asyncio.get_running_loop()
        async with undisturbed(server):
            floods = [loop.run_in_executor(pool, flood, server.port, n) for n in range(FLOODS)]
            await asyncio.to_thread(come_and_go, server.port)
            await asyncio.gather(*floods)


async def test_failures_lock_nobody_out(server: ServerProcess) -> None:
    """Somebody who guesses Anna's password has to wait; Anna, at another address, does not."""

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
    """Each address has its own share per hour."""
    options = ["--registrations-per-hour", "20", "--hashing", "cheap"]

    def flood(port: int) -> list[int]:
        errors = []
        for number in range(100):  # each over a connection that has not registered anybody
            with attacker(port) as sock:
                answer = ask(sock, msgid=1003, name=f"sock puppet {number}", password="x")
                errors.append(int(answer["errno"]))
        return errors

    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        async with undisturbed(server):
            errors = await asyncio.to_thread(flood, server.port)
            assert errors == [0] * 20 + [48] * 80
            with RawClient(server.port) as honest:
                honest.register("somebody honest")


async def test_a_flood_of_frames(server: ServerProcess) -> None:
    """They are good, bad, or no frames at all. Little gets in, and it does not fill memory."""
    kinds = {
        "bad frames": b"ab\n" * 50_000,
        "empty frames": b"\n" * 200_000,
        "JSON that is work": (b"[" + b",".join([b"[]"] * 21_000) + b"]\n") * 3,
        "one byte at a time": b" ",
        "PING": b'{"msgid":1012}\n' * 5_000,
        "requests": b'{"msgid":1022}\n' * 5_000,
    }
    async with undisturbed(server) as talk:
        before = memory_of(server)
        for number, (kind, data) in enumerate(kinds.items()):
            with attackers(server.port, 200, f"127.0.0.{2 + number}") as socks, talk.during(kind):
                await asyncio.to_thread(blast, socks, data, PHASE)
                assert memory_of(server) - before < 200 * MIB


async def test_strangers_who_send_what_is_nothing(server: ServerProcess) -> None:
    """Each repeatedly sends as much as one read takes; this does not pile up in memory."""
    kinds = {"frames of two bytes": b"{}\n" * 90_000, "a frame without end": b"x" * 262_144}
    async with undisturbed(server) as talk:
        before = memory_of(server)
        for number, (kind, data) in enumerate(kinds.items()):
            with attackers(server.port, 400, f"127.0.0.{2 + number}") as socks, talk.during(kind):
                await asyncio.to_thread(blast, socks, data, PHASE)
                assert memory_of(server) - before < 60 * MIB


def request(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


async def test_a_flood_of_requests(server: ServerProcess) -> None:
    """Users who have logged in, or try to, repeat requests that need the store."""
    kinds = {
        "RESUME": b"".join(request(msgid=1015, token=f"{n:032x}") for n in range(1000)),
        "SESSIONS": request(msgid=1031, seq=1) * 1000,
        "pages": request(msgid=1022, limit=200) * 500 + request(msgid=1026, groupid=1) * 500,
        "friends": (request(msgid=1006, friendid=1) + request(msgid=1021, friendid=1)) * 500,
        "groups": (request(msgid=1008, groupid=1) + request(msgid=1028, groupid=1)) * 500,
        "lies about TAKEN": request(msgid=1014, at=10**9) * 1000,
        "chats to nobody": request(msgid=1005, toid=10**9, msg="x", seq=1) * 1000,
        "names": b"".join(request(msgid=1019, name=f"n{n}") for n in range(1000)),
    }
    async with undisturbed(server) as talk:
        for number, (kind, data) in enumerate(kinds.items()):
            address = f"127.0.0.{2 + number}"
            with attackers(server.port, 20, address) as socks:
                if kind != "RESUME":
                    await asyncio.to_thread(log_all_in, socks, kind)
                with talk.during(kind):
                    await asyncio.to_thread(blast, socks, data, PHASE)


def log_all_in(socks: list[socket.socket], name: str) -> None:
    for number, sock in enumerate(socks):
        user = ask(sock, msgid=1003, name=f"{name} {number}", password="x")
        assert ask(sock, msgid=1000, id=user["id"], password="x", v=2)["errno"] == 0
    sock.sendall(request(msgid=1007, groupname=name))


async def test_a_flood_of_connections(server: ServerProcess) -> None:
    """They come and go as fast as possible."""

    def knock(port: int) -> None:
        ends, count = time.monotonic() + PHASE, 0
        while time.monotonic() < ends:
            count += 1
            with attacker(port, f"127.0.0.{2 + count % 20}") as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    async with undisturbed(server):
        await asyncio.to_thread(knock, server.port)


async def test_messages_to_a_large_group(tmp_path: Path) -> None:
    """Most members are away and cost nothing; several write at once, to each other."""
    path = tmp_path / "chat.db"
    async with sqlite_store(path) as store:
        group_id, members = await large_group(store, LARGE, "x")
    senders = members[:20]
    with ServerProcess(f"sqlite:///{path}", "--hashing", "cheap") as server:
        async with undisturbed(server):
            with attackers(server.port, len(senders)) as socks:
                for sock, user_id in zip(socks, senders, strict=True):
                    ask(sock, msgid=1000, id=user_id, password="x", v=2)
                message = request(msgid=1009, groupid=group_id, msg="to all of you")
                await asyncio.to_thread(blast, socks, message * 100, 2 * PHASE)


async def test_a_flood_in_a_small_group(server: ServerProcess) -> None:
    """Ten of its 31 members write as fast as they can, each from an address of their own, and all
    members take over what they get."""

    def enter(socks: list[socket.socket]) -> bytes:
        log_all_in(socks[:1], "founder")
        group_id = next_frame(socks[0])["groupid"]
        for number, sock in enumerate(socks[1:]):
            user = ask(sock, msgid=1003, name=f"member {number}", password="x")
            ask(sock, msgid=1000, id=user["id"], password="x", v=2)
            ask(sock, msgid=1008, groupid=group_id, seq=1)
        return request(msgid=1009, groupid=group_id, msg="x")

    def flood(socks: list[socket.socket], message: bytes) -> None:
        writers, ends = socks[:10], time.monotonic() + SECONDS
        for sock in socks:
            sock.setblocking(False)
        while time.monotonic() < ends:
            readable, writable, _ = select.select(socks, writers, [], 0.1)
            for sock in readable:
                places = re.findall(rb'"msgid":1009,"at":(\d+)', sock.recv(65_536))
                if places:
                    sock.send(b'{"msgid":1014,"at":%s}\n' % places[-1])
            for sock in writable:
                sock.send(message * 20)

    async with undisturbed(server) as talk, AsyncExitStack() as stack:
        addresses = (f"127.0.0.{number}" for number in range(2, 33))
        socks = [stack.enter_context(attacker(server.port, one)) for one in addresses]
        message = await asyncio.to_thread(enter, socks)
        with talk.during("31 members"):
            await asyncio.to_thread(flood, socks, message)


async def test_a_client_that_never_reads(server: ServerProcess) -> None:
    """This holds whatever it asks for; what it is sent meanwhile waits on the disk."""

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
    """It says so, whatever the name. Existing users are served."""
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
    """Once another has gone, the next one is let in."""
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
