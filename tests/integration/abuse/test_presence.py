"""A user on many lists who comes and goes without end."""

import asyncio
import json
import select
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from adapters.sqlite import sqlite_store
from tests.integration.abuse.attackers import ask, attacker
from tests.integration.abuse.bystanders import undisturbed
from tests.integration.many import people
from tests.integration.raw_client import PATIENCE
from tests.integration.server_process import ServerProcess

LISTERS = 800
SECONDS = 6.0
QUIET = 5.0  # seconds in which nobody is told about the same user twice


async def test_somebody_popular_who_comes_and_goes(tmp_path: Path) -> None:
    """They cost those who list them one frame in five seconds, and the last one is true."""
    path = tmp_path / "chat.db"
    popular, listers = await somebody_popular(path)
    with ServerProcess(f"sqlite:///{path}", "--hashing", "cheap") as server:
        async with undisturbed(server) as talk:
            with ExitStack() as stack:
                socks = await asyncio.to_thread(log_in, stack, server.port, listers)
                begun = time.monotonic()
                with talk.during("coming and going"):
                    await asyncio.to_thread(come_and_go, server.port, popular)
                with attacker(server.port) as stays:
                    ask(stays, msgid=1000, id=popular, password="x", v=2)
                    told = await asyncio.to_thread(states_told, socks)
                took = time.monotonic() - begun
                assert max(map(len, told)) <= took / QUIET + 1
                assert {states[-1] for states in told} == {"online"}


async def somebody_popular(path: Path) -> tuple[int, list[int]]:
    """Make a user and those who list them, in a new store; all have the password x."""
    async with sqlite_store(path) as store:
        popular, *listers = await people(store, LISTERS + 1, "x")
        await asyncio.gather(*(store.friends.add(lister, popular) for lister in listers))
    return popular, listers


def log_in(stack: ExitStack, port: int, users: list[int]) -> list[socket.socket]:
    """Log in one after the other: an address may not have so many connections without a login."""
    socks = []
    for user_id in users:
        socks.append(stack.enter_context(attacker(port)))
        assert ask(socks[-1], msgid=1000, id=user_id, password="x", v=2)["errno"] == 0
    return socks


def come_and_go(port: int, user_id: int) -> None:
    """Log in and out as often as possible for a while, and many times in any case."""
    times, ends = 0, time.monotonic() + SECONDS
    with attacker(port, "127.0.0.3") as sock:
        while time.monotonic() < ends or times <= 10 * SECONDS:
            ask(sock, msgid=1000, id=user_id, password="x", v=2)
            ask(sock, msgid=1002, seq=1)
            times += 1


def states_told(socks: list[socket.socket]) -> list[list[str]]:
    """The states that each was told, by the time when all must know that the user is online."""
    heard = dict.fromkeys(socks, b"")
    ends = time.monotonic() + QUIET + PATIENCE
    waits_until = time.monotonic() + QUIET + 1
    while time.monotonic() < ends:
        if time.monotonic() > waits_until and all(map(_is_over, heard.values())):
            break
        readable, _, _ = select.select(socks, [], [], 0.1)
        for sock in readable:
            heard[sock] += sock.recv(65_536)
    return [_states(data) for data in heard.values()]


def _is_over(data: bytes) -> bool:
    return _states(data)[-1:] == ["online"]


def _states(data: bytes) -> list[str]:
    """The states in the whole frames of this data, which has other frames, too, like PING."""
    frames = [json.loads(line) for line in data.splitlines(keepends=True) if line.endswith(b"\n")]
    return [frame["state"] for frame in frames if frame["msgid"] == 1017]
