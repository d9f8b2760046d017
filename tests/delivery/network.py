"""A TCP proxy that breaks. Each person has a door of their own in it."""

import asyncio
import enum
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import attrs

from tests.delivery.history import History
from tests.delivery.wiretap import Wiretap

LOOPBACK = "127.0.0.1"
_PIECE = 16 * 1024
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time


class Way(enum.Enum):
    UP = "to the server"
    DOWN = "to the client"


@attrs.define(eq=False)
class Stream:
    """One direction of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    hear: Callable[[bytes], None]
    open: asyncio.Event = attrs.field(factory=asyncio.Event)
    lost: bool = False  # from now on all bytes vanish
    left: int | None = None  # bytes until the connection is cut

    async def carry(self) -> None:
        """Until one side ends, or the last byte is through that may be."""
        while data := await self.reader.read(_PIECE):
            self.hear(data)
            await self.open.wait()
            if self.lost:
                continue
            if self.left is not None and len(data) >= self.left:
                await self._write(data[: self.left])
                return
            if self.left is not None:
                self.left -= len(data)
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


class Wire:
    """One connection through a door."""

    def __init__(self, streams: dict[Way, Stream]) -> None:
        self._streams = streams
        self._far_end = streams[Way.UP].writer
        self._near_end = streams[Way.DOWN].writer
        self._left_behind: float | None = None
        for way in streams:
            self.release(way)

    async def carry(self) -> None:
        tasks = [asyncio.create_task(stream.carry()) for stream in self._streams.values()]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._left_behind is not None:
                await asyncio.sleep(self._left_behind)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.reset()

    def reset(self) -> None:
        """Cut it, without a word to either side but RST."""
        _reset(self._far_end)
        _reset(self._near_end)

    def vanish(self, seconds: float) -> None:
        """Cut the client off; the server does not notice for a while."""
        self._left_behind = seconds
        for stream in self._streams.values():
            stream.lost = True
        _reset(self._near_end)

    def cut_after(self, way: Way, count: int) -> None:
        """Cut it once so many bytes more are through."""
        self._streams[way].left = max(count, 1)

    def lose(self, way: Way) -> None:
        """Let nothing through any more."""
        self._streams[way].lost = True

    def hold(self, way: Way) -> None:
        self._streams[way].open.clear()

    def release(self, way: Way) -> None:
        self._streams[way].open.set()


def _reset(writer: asyncio.StreamWriter) -> None:
    own = writer.get_extra_info("socket")
    if own is not None:
        with suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


async def _end(writer: asyncio.StreamWriter) -> None:
    """Return when nothing is left of it."""
    _reset(writer)
    with suppress(OSError):
        await writer.wait_closed()


class Door:
    """Where one person's clients connect. user: who that is, once it is known."""

    def __init__(self, behind: int, history: History) -> None:
        self.user = 0
        self._behind = behind
        self._history = history
        self._wires: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def wires(self) -> list[Wire]:
        return list(self._wires)

    @property
    def port(self) -> int:
        assert self._server is not None, "it is not open"
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)

    async def close(self) -> None:
        assert self._server is not None, "it is not open"
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._behind)
        except OSError:
            await _end(writer)
            return
        tap = Wiretap(self._history, self.user)
        up = Stream(reader, far_writer, partial(tap.hear, by_client=True))
        down = Stream(far_reader, writer, partial(tap.hear, by_client=False))
        wire = Wire({Way.UP: up, Way.DOWN: down})
        self._wires.add(wire)
        try:
            await wire.carry()
        finally:
            self._wires.discard(wire)
            await _end(far_writer)
            tap.ends()
            await _end(writer)


@asynccontextmanager
async def doors(behind: int, count: int, history: History) -> AsyncIterator[list[Door]]:
    """So many doors to one port."""
    made = [Door(behind, history) for _ in range(count)]
    for door in made:
        await door.open()
    try:
        yield made
    finally:
        for door in made:
            await door.close()
