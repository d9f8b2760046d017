"""What the kernel holds for a client, on real sockets."""

import array
import asyncio
import fcntl
import socket
import termios

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Link
from adapters.tcp.connection import HARD_LIMIT, Connection
from adapters.tcp.options import KERNEL_HOLDS, set_options
from adapters.tcp.outboxes import Outboxes


class FakeReceiver:
    """A receiver whose link the test writes to."""

    def __init__(self) -> None:
        self.began: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[DisconnectReason] = asyncio.get_running_loop().create_future()

    def accept(self, link: Link) -> "FakeReceiver":
        self.began.set_result(link)
        return self

    def received(self, data: bytes) -> None: ...

    def choked(self) -> None: ...

    def unchoked(self) -> None: ...

    def input_ended(self) -> None: ...

    def lost(self, why: DisconnectReason) -> None:
        self.ended.set_result(why)


class Exposed(Connection):
    """A connection that exposes its socket."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.socket: socket.socket = transport.get_extra_info("socket")


def held(sock: socket.socket) -> int:
    """The bytes that the kernel has accepted and the other end has not."""
    count = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, count)
    return count[0]


async def test_the_kernel_holds_little_for_who_does_not_read() -> None:
    """The rest waits in the process, where it is counted and bounded. Otherwise, a thousand such
    clients could make the kernel hold gigabytes."""
    receiver = FakeReceiver()
    connections: list[Exposed] = []

    def accept() -> Exposed:
        connections.append(Exposed(receiver.accept, Outboxes()))
        return connections[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    set_options(server.sockets[0])
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(server.sockets[0].getsockname())
        link = await receiver.began
        for _ in range(10):
            link.write(b"x" * (HARD_LIMIT // 11))
            await asyncio.sleep(0)
            assert held(connections[0].socket) <= 3 * KERNEL_HOLDS
        link.abort(DisconnectReason.SHUTTING_DOWN)
        assert await receiver.ended is DisconnectReason.SHUTTING_DOWN
    server.close()
    await server.wait_closed()
