"""A TCP connection, which says whose data it brings."""

import asyncio
from collections.abc import Callable
from typing import cast


class Link(asyncio.Protocol):
    """A TCP connection, which says whose data it brings."""

    def __init__(
        self,
        on_data: Callable[["Link", bytes], None],
        on_lost: Callable[["Link", str], None],
    ) -> None:
        self._on_data = on_data
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's, so there is no asking them.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._on_data(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._on_lost(self, str(exc) if exc else "the server closed the connection")

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def close(self, within: float) -> None:
        if self._transport is None:
            return
        self._transport.close()
        try:
            async with asyncio.timeout(within):
                await self._gone.wait()
        except TimeoutError:
            self.abort()
