"""Arbitrary frames in arbitrary states, cut arbitrarily.

CHAT_FUZZ_SECONDS and CHAT_FUZZ_SEED choose for how long, and which.
"""

import asyncio
import contextlib
import json
import os
import random
import socket
import time
from typing import Any

from tests.integration.abuse.attackers import ELSEWHERE, ask, attacker
from tests.integration.abuse.bystanders import memory_of, undisturbed
from tests.integration.server_process import ServerProcess

SEED = int(os.environ.get("CHAT_FUZZ_SEED", "6"))
SECONDS = float(os.environ.get("CHAT_FUZZ_SECONDS", "20"))
MOST_MEMORY = 150 * 1024 * 1024  # bytes more than before
CLIENTS = 12  # at a time

NUMBERS = [*range(995, 1040), 0, -1, 2**31, 2**63, 2**64]
FIELDS = [
    *("msgid", "seq", "id", "name", "password", "v", "toid", "msg", "cid", "groupid", "push"),
    *("friendid", "friendname", "groupname", "groupdesc", "token", "after", "limit", "session"),
    *("old", "new", "nonsense"),
]


class Fuzzer:
    """Makes the same bytes of the same seed."""

    def __init__(self, seed: int, user_id: int) -> None:
        self.random = random.Random(seed)
        self._user_id = user_id

    def value(self, depth: int = 0) -> Any:
        kinds: list[Any] = [
            None,
            True,
            self.random.choice(NUMBERS),
            self.random.randrange(-5, 60),
            self.random.random() * 10.0 ** self.random.randrange(-300, 300),
            self.text(),
            self._user_id,
        ]
        if depth < 3:
            kinds.append([self.value(depth + 1) for _ in range(self.random.randrange(4))])
            kinds.append({self.text(): self.value(depth + 1)})
        return self.random.choice(kinds)

    def text(self) -> str:
        size = self.random.choice([0, 1, 5, 20, 64, 129, 1025, 4097])
        signs = self.random.choice(["a", "é漢🙂", "\0\n\r\x1b\u202e", "0123456789", '"\\{}[]'])
        return "".join(self.random.choices(signs, k=size))

    def frame(self) -> bytes:
        fields = {name: self.value() for name in self.random.sample(FIELDS, 5)}
        fields["msgid"] = self.random.choice(NUMBERS)
        sensible = {"toid": self._user_id, "msg": "hello", "push": 1, "groupid": 1, "v": 2}
        fields |= dict(self.random.sample(sorted(sensible.items()), 2))
        frame = json.dumps(fields, ensure_ascii=self.random.random() < 0.5).encode()
        return self.random.choice([self.whole, self.cut, self.bent, self.noise])(frame)

    def whole(self, frame: bytes) -> bytes:
        return frame

    def cut(self, frame: bytes) -> bytes:
        return frame[: self.random.randrange(len(frame) + 1)]

    def bent(self, frame: bytes) -> bytes:
        changed = bytearray(frame)
        for _ in range(3):
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)

    def noise(self, frame: bytes) -> bytes:
        deep = b"[" * 5_000
        return self.random.choice([deep, self.random.randbytes(len(frame)), b"x" * 70_000])

    def stream(self) -> bytes:
        end = self.random.choice([b"\n", b"\0", b"\r\n", b"\n\0"])
        return end.join(self.frame() for _ in range(self.random.randrange(1, 30))) + end

    def pieces(self) -> list[bytes]:
        stream = self.stream()
        cuts = sorted(self.random.randrange(len(stream)) for _ in range(self.random.randrange(6)))
        return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def fuzz(port: int, user_id: int, seconds: float) -> int:
    """How many connections it took."""
    fuzzer = Fuzzer(SEED, user_id)
    ends, count = time.monotonic() + seconds, 0
    socks: list[socket.socket] = []
    while time.monotonic() < ends:
        while len(socks) < CLIENTS:
            socks.append(attacker(port, ELSEWHERE))
            count += 1
            if fuzzer.random.random() < 0.5:
                login = {"msgid": 1000, "id": user_id, "password": "secret", "v": count % 3 + 1}
                socks[-1].sendall(json.dumps(login).encode() + fuzzer.random.choice([b"\n", b"\0"]))
        torment(fuzzer, socks)
    for sock in socks:
        sock.close()
    return count


def torment(fuzzer: Fuzzer, socks: list[socket.socket]) -> None:
    """Send something on one of them; drop it if that is the end of it."""
    sock = fuzzer.random.choice(socks)
    sock.settimeout(0.005)
    try:
        for piece in fuzzer.pieces():
            sock.sendall(piece)
        if fuzzer.random.random() < 0.9:
            with contextlib.suppress(TimeoutError):
                alive = sock.recv(65_536)
                if not alive:
                    raise ConnectionResetError
        if fuzzer.random.random() < 0.1:
            raise ConnectionResetError
    except OSError:
        socks.remove(sock)
        sock.close()


async def test_whatever_is_sent(server: ServerProcess) -> None:
    """The server lives, its memory is bounded, and none of its parts fails."""
    with attacker(server.port) as sock:
        user_id = ask(sock, msgid=1003, name="fuzzer", password="secret")["id"]
    async with undisturbed(server):
        before = memory_of(server)
        connections = await asyncio.to_thread(fuzz, server.port, user_id, SECONDS)
        assert connections > 2 * CLIENTS
        assert memory_of(server) - before < MOST_MEMORY
    assert "failed" not in server.log
    assert "Traceback" not in server.log
