"""Clients that send what a grammar makes, learn from the answers, and disconnect in every way."""

import contextlib
import json
import socket
import struct
import time
from collections import Counter

import attrs

from tests.fuzz.grammar import ENDS, Frame, Grammar
from tests.integration.abuse.attackers import attacker

CLIENTS = 12  # at a time
READS_WITHIN = 0.003  # seconds
REMEMBERED = 200  # of each kind: users, tokens and so on

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset, and lose what was not sent


@attrs.define(eq=False)
class Client:
    sock: socket.socket
    end: bytes
    unread: bytes = b""

    def frames(self) -> list[Frame]:
        """The frames that have come. Raises ConnectionResetError at the end of the connection."""
        self.sock.settimeout(READS_WITHIN)
        with contextlib.suppress(TimeoutError):
            data = self.sock.recv(65_536)
            if not data:
                raise ConnectionResetError
            self.unread += data
        *whole, self.unread = self.unread.split(self.end[-1:])
        return [json.loads(frame) for frame in whole]


@attrs.define
class Fuzzer:
    """seen: how often each answer has come, by `msgid` and by name of error."""

    port: int
    grammar: Grammar
    seen: Counter[int | str] = attrs.field(factory=Counter)
    connections: int = 0
    _clients: list[Client] = attrs.field(factory=list)

    def run(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            while len(self._clients) < CLIENTS:
                self._arrive()
            client = self.grammar.random.choice(self._clients)
            try:
                self._torment(client)
            except OSError:
                self._clients.remove(client)
                client.sock.close()
        for client in self._clients:
            client.sock.close()

    def _arrive(self) -> None:
        self.connections += 1
        client = Client(attacker(self.port), self.grammar.random.choice(ENDS))
        self._clients.append(client)
        if self.grammar.chance(0.8):
            client.sock.sendall(json.dumps(self.grammar.login()).encode() + client.end)

    def _torment(self, client: Client) -> None:
        client.sock.settimeout(1.0)
        for piece in self.grammar.pieces(client.end):
            client.sock.sendall(piece)
        if self.grammar.chance(0.9):
            for frame in client.frames():
                self._learn(frame)
        if self.grammar.chance(0.05):
            self._leave(client)

    def _leave(self, client: Client) -> None:
        match self.grammar.random.randrange(3):
            case 0:
                client.sock.shutdown(socket.SHUT_WR)
                return  # what comes is read until the server closes
            case 1:
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        raise ConnectionResetError

    def _learn(self, frame: Frame) -> None:
        self.seen[frame["msgid"]] += 1
        if "error" in frame:
            self.seen[frame["error"]] += 1
        known = self.grammar.known
        for field, values in (
            ("groupid", known.groups),
            ("token", known.tokens),
            ("session", known.sessions),
            ("at", known.positions),
            ("epoch", known.epochs),
        ):
            if field in frame:
                values.append(frame[field])
                del values[:-REMEMBERED]
