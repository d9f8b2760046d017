"""The yardstick: the least that a chat server in Python has to do, and nothing else.

It splits frames, decodes each one, finds the recipients in a dictionary and writes once per turn of
the loop. It checks nothing, acknowledges nothing, stores nothing and believes whatever it is told.
Whoever wants to know what our rules cost compares the server with this, on the same core.
"""

import asyncio
import sys
from typing import cast

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

decode = msgspec.json.Decoder(Frame).decode
users: dict[int, "Relay"] = {}
groups: dict[int, list["Relay"]] = {}
filled: list["Relay"] = []


class Relay(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.rest = b""
        self.outbox: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        frames = (self.rest + data).split(END)
        self.rest = frames.pop()
        for raw in frames:
            frame = decode(raw)
            if frame.msgid == ONE_CHAT:
                users[frame.toid].write(raw + END)
            elif frame.msgid == GROUP_CHAT:
                self.tell_group(frame.groupid, raw + END)
            elif frame.msgid == JOIN:
                groups.setdefault(frame.groupid, []).append(self)
            elif frame.msgid == LOGIN:
                users[frame.id] = self
                self.write(b'{"msgid":%d,"errno":0}' % LOGIN_ACK + END)

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


def flush() -> None:
    for relay in filled:
        relay.transport.write(b"".join(relay.outbox))
        relay.outbox.clear()
    filled.clear()


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Relay, "127.0.0.1", 0, backlog=4096)
    print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", file=sys.stderr)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
