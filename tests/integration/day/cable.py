"""The way of one device to the server, which can be cut, and can swallow what is sent through."""

import asyncio
from collections.abc import Callable

from tests.delivery.network import LOOPBACK, Stream, Way, Wire, reset


class Cable:
    """behind: the port that it leads to, for each connection."""

    def __init__(self, behind: Callable[[], int]) -> None:
        self._behind = behind
        self._is_cut = False
        self._wires: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None, "it is not laid"
        return int(self._server.sockets[0].getsockname()[1])

    async def lay(self) -> None:
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)

    async def take_up(self) -> None:
        """With all that still goes through it."""
        assert self._server is not None, "it is not laid"
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cut(self) -> None:
        """Both sides are told by a RST, and there is no way through until it is mended."""
        self._is_cut = True
        await self.break_off()

    async def mend(self) -> None:
        self._is_cut = False

    async def break_off(self) -> None:
        """Cut it for a moment."""
        for wire in self._wires:
            wire.reset()

    async def swallow(self, way: Way) -> None:
        """Let nothing through any more in this direction of the connections that there are, of
        which neither side is told."""
        for wire in self._wires:
            wire.lose(way)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._behind())
        except OSError:
            reset(writer)
            return
        up = Stream(reader, far_writer, _nobody_listens)
        down = Stream(far_reader, writer, _nobody_listens)
        wire = Wire({Way.UP: up, Way.DOWN: down})
        self._wires.add(wire)
        try:
            await wire.carry()
        finally:
            self._wires.discard(wire)


def _nobody_listens(_: bytes) -> None:
    pass
