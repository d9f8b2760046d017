"""TCP connections."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

import attrs


@attrs.frozen
class Address:
    """A server's. tls: how to verify its certificate; None without TLS."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Link(asyncio.Protocol):
    """A TCP connection, which reports to three callbacks."""

    def __init__(
        self,
        on_made: Callable[["Link"], None],
        on_data: Callable[["Link", bytes], None],
        on_lost: Callable[["Link", str], None],
    ) -> None:
        self._on_made = on_made
        self._on_data = on_data
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's, so isinstance cannot check them.
        self._transport = cast("asyncio.Transport", transport)
        self._on_made(self)

    def data_received(self, data: bytes) -> None:
        self._on_data(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._on_lost(self, _why(exc))

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


def _why(exc: Exception | None) -> str:
    """The reason in words for people, without an errno."""
    if exc is None:
        return "the server closed the connection"
    return getattr(exc, "strerror", None) or str(exc)


async def speaks_tls(address: Address, within: float) -> bool:
    """Whether any TLS server listens at this address. Sends nothing after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(within):
            _, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True
