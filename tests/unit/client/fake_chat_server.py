"""A server on a real socket that sends what the test tells it to, and nothing else."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

Frame = dict[str, Any]
PING, TAKEN = 1012, 1014
AT_0 = {"head": 0, "epoch": "e1", "oldest": 1}
TIMEOUT = 30.0  # seconds; only a failing test waits this long


def line(**fields: Any) -> bytes:
    """A frame as the server writes it."""
    return json.dumps(fields).encode() + b"\n"


def push(at: int, cid: str, sender: int = 15, **fields: Any) -> bytes:
    """A message for user 13, as pushed from the log."""
    who = {"id": sender, "name": "li", "toid": 13}
    return line(**{"msgid": 1005, "at": at, "cid": cid, "msg": "hello", "time": 7} | who | fields)


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, **fields: Any) -> None:
        self._writer.write(line(**fields))

    def say_together(self, *frames: bytes) -> None:
        self._writer.write(b"".join(frames))

    async def hear(self, msgid: int | None = None) -> Frame:
        """The client's next frame, which has to be of this kind. TAKEN, whose time depends on the
        clock, is passed over unless it is asked for. So is the PING that looks whether a server is
        there, which is answered."""
        while True:
            async with asyncio.timeout(TIMEOUT):
                raw = await self._reader.readline()
            assert raw, "the client hung up"
            frame: Frame = json.loads(raw)
            if frame["msgid"] == PING and "seq" in frame:
                self.say(msgid=1013, seq=frame["seq"])
            elif frame["msgid"] != TAKEN or msgid == TAKEN:
                break
        assert msgid in (None, frame["msgid"]), frame
        return frame

    async def hang_up(self) -> None:
        self._writer.transport.abort()
        await asyncio.sleep(0)

    async def reset(self) -> None:
        """Close with a reset, as a network does that has lost the connection."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self.hang_up()

    async def until_gone(self) -> None:
        """Wait until the client has closed the connection, whatever it still sends."""
        async with asyncio.timeout(TIMEOUT):
            try:
                while await self._reader.read(65_536):
                    pass
            except ConnectionError:
                return

    async def admit(self, msgid: int = 1000, **fields: Any) -> Frame:
        """Accept the next login or resumption, and answer the PING of a client that has no
        position."""
        request = await self.hear(msgid)
        ack = {"errno": 0, "id": 13, "name": "zhang san", "v": 2, "token": "t1"} | AT_0 | fields
        self.say(msgid=1001, seq=request["seq"], **ack)
        if "since" not in request and not ack.get("reset"):
            await self.hear(PING)
            self.say(msgid=1013, at=0)
        return request

    async def turn_away(self, msgid: int, errno: int, error: str) -> Frame:
        request = await self.hear(msgid)
        self.say(msgid=1001, seq=request["seq"], errno=errno, error=error, errmsg="")
        return request

    async def take(self, at: int = 7) -> Frame:
        """Answer the next chat as written to the log at this position."""
        chat = await self.hear()
        assert chat["msgid"] in (1005, 1009), chat
        self.say(msgid=1010, seq=chat["seq"], at=at, time=1)
        return chat

    def close(self) -> None:
        self._writer.close()


class FakeServer:
    def __init__(self) -> None:
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._all: list[Peer] = []
        self.port = 0

    async def accept(self) -> Peer:
        """The next connection."""
        async with asyncio.timeout(TIMEOUT):
            return await self._peers.get()

    async def _on_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = Peer(reader, writer)
        self._all.append(peer)
        self._peers.put_nowait(peer)

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator["FakeServer"]:
        server = await asyncio.start_server(self._on_connection, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for peer in self._all:
                peer.close()
            await server.wait_closed()
