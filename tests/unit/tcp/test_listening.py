"""Options that every connection has, whichever socket it came by."""

import asyncio
import socket
from types import SimpleNamespace
from typing import cast

import pytest

from adapters.tcp.options import KERNEL_HOLDS, USER_TIMEOUT_MS
from entrypoints.listening import listening_sockets, place_of, serve_on

LOOPBACK = "127.0.0.1"


class _Welcoming(asyncio.Protocol):
    """Exposes the socket of the client that has connected."""

    def __init__(self, came: "asyncio.Future[socket.socket]") -> None:
        self._came = came

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._came.set_result(transport.get_extra_info("socket"))


@pytest.mark.parametrize("shared", [False, True], ids=["a port of its own", "a shared port"])
async def test_the_kernel_looks_after_who_is_gone_and_holds_little(shared: bool) -> None:
    """Otherwise a client that has lost its network would stay for hours, with everything that is
    sent to it."""
    came: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
    sockets = listening_sockets(LOOPBACK, 0, 1)[0] if shared else None
    (server,) = await serve_on(lambda: _Welcoming(came), LOOPBACK, 0, sockets)
    with socket.create_connection(server.sockets[0].getsockname()):
        sock = await came
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 10
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 3
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == USER_TIMEOUT_MS
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == KERNEL_HOLDS
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("address", "told"),
    [(("127.0.0.1", 6000), "127.0.0.1:6000"), (("::1", 6000, 0, 0), "[::1]:6000")],
)
def test_where_one_listens_is_told_as_in_a_browser(address: tuple[str, int], told: str) -> None:
    """An IPv6 address contains colons."""
    sock = SimpleNamespace(getsockname=lambda: address)  # not every system has IPv6
    assert place_of(cast("socket.socket", sock)) == told
