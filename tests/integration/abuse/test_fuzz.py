"""Arbitrary frames in arbitrary states, cut arbitrarily; and clients that never stop.

CHAT_FUZZ_SECONDS and CHAT_FUZZ_SEED choose for how long, and which.
"""

import asyncio
import json
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.frames import Opcode

from adapters.wire.errors import NUMBERS
from chat_domain.fairness.meter import FLOOD_SECONDS
from entrypoints.services.ports import free_port
from tests.fuzz.grammar import Grammar, Known
from tests.integration.abuse.attackers import ask, attacker, insist
from tests.integration.abuse.bystanders import memory_of, undisturbed
from tests.integration.abuse.fuzzer import CLIENTS, Fuzzer
from tests.integration.web_client import WebClient, WebServer, connected, frame

SEED = int(os.environ.get("CHAT_FUZZ_SEED", "6"))
SECONDS = float(os.environ.get("CHAT_FUZZ_SECONDS", "30"))
MOST_MEMORY = 150 * 1024 * 1024  # bytes more than before
FUZZED_USERS = 24
TOO_FAST, TOO_FAST_IN_A_BROWSER = "127.0.0.3", "127.0.0.4"

# These show that the fuzzer gets far enough: it hears most of what a server says, and is refused
# for many reasons. Answers that it gets only a few times, like SESSION_ENDED, are left out.
ANSWERS = {1001, 1004, 1005, 1009, 1010, 1011, 1013, 1020, 1023, 1025, 1027, 1030, 1032}
ANSWERS |= {1037, 1038}
KINDS_OF_ERRORS = 18


@pytest.fixture
def http_port() -> int:
    return free_port()


@pytest.fixture
def server(tmp_path: Path, http_port: int) -> Iterator[WebServer]:
    options = ["--hashing", "cheap", "--waiting-from-unlisted", "0", "--http-port", str(http_port)]
    with WebServer(f"sqlite:///{tmp_path}/chat.db", *options) as process:
        yield process


def fuzz(port: int) -> Counter[int | str]:
    """Run the fuzzer; return what the server has answered."""
    with attacker(port) as sock:
        users = [
            ask(sock, msgid=1003, name=f"fuzzer {number}", password="secret")["id"]
            for number in range(FUZZED_USERS)
        ]
    fuzzer = Fuzzer(port, Grammar(random.Random(SEED), Known(users)))
    fuzzer.run(SECONDS)
    assert fuzzer.connections > CLIENTS
    return fuzzer.seen


def log_in(sock: socket.socket, name: str) -> None:
    """Register a new user and log them in."""
    user_id = ask(sock, msgid=1003, name=name, password="x")["id"]
    assert ask(sock, msgid=1000, id=user_id, password="x", v=2)["errno"] == 0


def never_slow_down(port: int) -> tuple[float, str]:
    """How long the server endures a client that sends as much as it can, and its last words."""
    with attacker(port, TOO_FAST) as sock:
        log_in(sock, "insistent")
        begun = time.monotonic()
        said = insist(sock, b'{"msgid":1005,"toid":0,"msg":"x"}\n' * 100, 3 * FLOOD_SECONDS)
        return time.monotonic() - begun, json.loads(said.splitlines()[-1])["error"]


def never_slow_down_in_a_browser(port: int) -> bytes:
    """The last words to a client that does the same on the browsers' port."""
    with WebClient(port, connected(port, TOO_FAST_IN_A_BROWSER)) as client:
        client.register("insistent in a browser")
        client.login()
        return insist(client._socket, frame(Opcode.PING, b"") * 2000, 3 * FLOOD_SECONDS)


def limits_hit(http_port: int) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{http_port}/metrics") as page:
        lines = page.read().decode().splitlines()
    values = (line.split() for line in lines if line.startswith("chat_limits_total{"))
    return {name.split('"')[1]: float(value) for name, value in values}


@pytest.mark.timeout(SECONDS + 300)
async def test_whatever_is_sent(server: WebServer, http_port: int) -> None:
    """The server lives, its memory is bounded, and none of its parts fails. A client that sends as
    fast as it can is slowed down, and cut off with a reason only after half a minute; a browser,
    too."""
    async with undisturbed(server):
        before = memory_of(server)
        fuzzing = asyncio.create_task(asyncio.to_thread(fuzz, server.port))
        (took, last_word), last_words = await asyncio.gather(
            asyncio.to_thread(never_slow_down, server.port),
            asyncio.to_thread(never_slow_down_in_a_browser, server.web_port),
        )
        seen = await fuzzing
        assert memory_of(server) - before < MOST_MEMORY
    assert "failed" not in server.log
    assert "Traceback" not in server.log
    assert last_word == "too_fast"
    assert b"\x03\xf0too_fast" in last_words  # 1008
    assert took > FLOOD_SECONDS
    hit = limits_hit(http_port)
    assert hit["too_fast_cut"] >= 2  # more if the fuzzer kept a connection for half a minute
    assert hit["reading_paused"] > 10
    assert seen.keys() >= ANSWERS
    assert len(seen.keys() & NUMBERS.keys()) >= KINDS_OF_ERRORS


def test_a_burst_too_many_is_answered_late_but_whole(server: WebServer, http_port: int) -> None:
    """Nothing of it is lost, and it stays in order."""
    with attacker(server.port) as sock:
        log_in(sock, "hasty")
        count = 6_000  # a thousand more than may come at once: two seconds' worth
        frames = (b'{"msgid":1005,"toid":0,"msg":"x","seq":%d}\n' % seq for seq in range(count))
        sending = threading.Thread(target=sock.sendall, args=(b"".join(frames),))
        sending.start()
        seqs = [json.loads(line)["seq"] for line in lines_of(sock, count)]
        sending.join()
    assert seqs == list(range(count))
    hit = limits_hit(http_port)
    assert hit["reading_paused"] >= 1
    assert hit["too_fast_cut"] == 0


def lines_of(sock: socket.socket, count: int) -> list[bytes]:
    data = b""
    while data.count(b"\n") < count:
        more = sock.recv(65_536)
        assert more, data[-1000:]
        data += more
    return data.splitlines()
