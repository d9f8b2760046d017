"""The first yardstick: the least that a chat server in Python has to do, and nothing else.

It splits frames, decodes each one, finds the recipients in a dictionary and writes once per turn of
the loop. It checks nothing, acknowledges nothing, stores nothing and believes whatever it is told.
Comparing the server with it, on the same core, shows what a log and our rules cost.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from typing import ClassVar, cast

import msgspec
import uvloop


class Frame(msgspec.Struct, gc=False):
    msgid: int
    id: int = 0
    toid: int = 0
    groupid: int = 0
    msg: str = ""


LOGIN, LOGIN_ACK, ONE_CHAT, JOIN, GROUP_CHAT = 1000, 1001, 1005, 1008, 1009
END = b"\0"

users: dict[int, "Client"] = {}
groups: dict[int, list["Client"]] = {}
filled: list["Client"] = []


class Client(asyncio.Protocol):
    """A connection. Everything written to it in one turn of the loop leaves in one write."""

    end = END

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.rest = b""
        self.outbox: list[bytes] = []

    def split(self, data: bytes) -> Iterable[bytes]:
        frames = (self.rest + data).split(self.end)
        self.rest = frames.pop()
        return frames

    def log_in(self, user_id: int) -> None:
        users[user_id] = self
        self.write(b'{"msgid":%d,"errno":0}' % LOGIN_ACK + self.end)

    def join(self, group_id: int) -> None:
        groups.setdefault(group_id, []).append(self)

    def tell_group(self, group_id: int, raw: bytes) -> None:
        for member in groups[group_id]:
            if member is not self:
                member.write(raw)

    def write(self, raw: bytes) -> None:
        if not self.outbox:
            if not filled:
                asyncio.get_running_loop().call_soon(flush)
            filled.append(self)
        self.outbox.append(raw)


class Relay(Client):
    """A connection of version 1."""

    decode: ClassVar = msgspec.json.Decoder(Frame).decode

    def data_received(self, data: bytes) -> None:
        for raw in self.split(data):
            frame = self.decode(raw)
            if frame.msgid == ONE_CHAT:
                users[frame.toid].write(raw + END)
            elif frame.msgid == GROUP_CHAT:
                self.tell_group(frame.groupid, raw + END)
            elif frame.msgid == JOIN:
                self.join(frame.groupid)
            elif frame.msgid == LOGIN:
                self.log_in(frame.id)


def flush() -> None:
    for client in filled:
        client.transport.write(b"".join(client.outbox))
        client.outbox.clear()
    filled.clear()


async def serve(protocol: Callable[[], asyncio.Protocol]) -> None:
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, backlog=4096)
    print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", file=sys.stderr)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(Relay))
