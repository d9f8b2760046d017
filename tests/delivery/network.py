"""A TCP proxy that breaks. Each device has a door of its own in it."""

import asyncio
import enum
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Protocol

import attrs

from tests.delivery.history import History
from tests.delivery.wiretap import Wiretap

LOOPBACK = "127.0.0.1"
PIECE = 16 * 1024
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
        """Pass bytes on until one side ends or none are `left`."""
        while data := await self.reader.read(PIECE):
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
        """Lose everything if the receiver is gone: the other direction ends the connection."""
        self.writer.write(data)
        try:
            await self.writer.drain()
        except OSError:
            self.lost = True


class Wire:
    """One connection through a door. whole: whether everything that the server sent was heard."""

    whole = False

    def __init__(self, streams: dict[Way, Stream], listener: "Listener") -> None:
        self._streams = streams
        self._listener = listener
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
            await self._end()

    async def _end(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Cut it with an RST to either side."""
        reset(self._far_end)
        reset(self._near_end)

    def vanish(self, seconds: float) -> None:
        """Cut the client off; the server does not notice for a while."""
        self._left_behind = seconds
        for stream in self._streams.values():
            stream.lost = True
        reset(self._near_end)

    def cut_after(self, way: Way, count: int) -> None:
        """Cut it after so many more bytes."""
        self._streams[way].left = max(count, 1)

    def lose(self, way: Way) -> None:
        """Let nothing through from now on."""
        self._streams[way].lost = True

    def hold(self, way: Way) -> None:
        self._streams[way].open.clear()

    def release(self, way: Way) -> None:
        self._streams[way].open.set()


def reset(writer: asyncio.StreamWriter) -> None:
    own = writer.get_extra_info("socket")
    if own is not None:
        with suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


async def _end(writer: asyncio.StreamWriter) -> None:
    """Reset it, and return when it is closed."""
    reset(writer)
    with suppress(OSError):
        await writer.wait_closed()


class Listener(Protocol):
    """Hears what goes through a connection."""

    def hear(self, data: bytes, *, by_client: bool) -> None: ...

    def leaves(self) -> None:
        """The client is gone; the server is about to be told that it sends nothing more."""

    def ends(self, *, whole: bool) -> None:
        """The connection is gone. whole: see `Wire`."""


class Gate:
    """A port, and a wire for each connection to it. behind: returns the port that it leads to, or
    raises OSError while there is none."""

    def __init__(self, behind: Callable[[], int], kind: type[Wire] = Wire) -> None:
        self._behind = behind
        self._kind = kind
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

    def _listener(self) -> Listener:
        """The listener for a new connection."""
        return Deaf()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._behind())
        except OSError:
            await _end(writer)
            return
        listener = self._listener()
        up = Stream(reader, far_writer, partial(listener.hear, by_client=True))
        down = Stream(far_reader, writer, partial(listener.hear, by_client=False))
        wire = self._kind({Way.UP: up, Way.DOWN: down}, listener)
        self._wires.add(wire)
        try:
            await wire.carry()
        finally:
            self._wires.discard(wire)
            await _end(far_writer)
            listener.ends(whole=wire.whole)
            await _end(writer)


class Deaf:
    """Nobody listens."""

    def hear(self, data: bytes, *, by_client: bool) -> None: ...

    def leaves(self) -> None: ...

    def ends(self, *, whole: bool) -> None: ...


class Door(Gate):
    """Where one device's clients connect. user: whose device it is, once that is known."""

    def __init__(
        self, behind: Callable[[], int], history: History, kind: type[Wire] = Wire
    ) -> None:
        super().__init__(behind, kind)
        self.user = 0
        self._history = history

    def _listener(self) -> Listener:
        return Wiretap(self._history, self.user)


@asynccontextmanager
async def opened(doors: Sequence[Door]) -> AsyncIterator[None]:
    for door in doors:
        await door.open()
    try:
        yield
    finally:
        for door in doors:
            await door.close()
