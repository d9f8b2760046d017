"""How the checker of the promises hears what a server sends to a client that is gone."""

import asyncio

import attrs

from tests.delivery.heard import HeardWire
from tests.delivery.network import LOOPBACK, Gate


@attrs.define
class Notes:
    """What was heard, in order."""

    heard: list[str] = attrs.field(factory=list)
    over: asyncio.Event = attrs.field(factory=asyncio.Event)

    def hear(self, data: bytes, *, by_client: bool) -> None:
        assert not by_client
        self.heard.append(data.decode())

    def leaves(self) -> None:
        self.heard.append("the client is gone")

    def ends(self, *, whole: bool) -> None:
        self.heard.append("all of it" if whole else "not all of it")
        self.over.set()


async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says something, and something more once its client sends nothing more."""
    writer.write(b"hello")
    await reader.read()
    writer.write(b"late")
    writer.close()


async def test_what_a_server_sends_to_a_client_that_is_gone_is_told_from_the_rest() -> None:
    """It need not count as taken over, and may come again."""
    notes = Notes()

    class Ear(Gate):
        def _listener(self) -> Notes:
            return notes

    behind = await asyncio.start_server(server, LOOPBACK, 0)
    gate = Ear(lambda: int(behind.sockets[0].getsockname()[1]), HeardWire)
    await gate.open()
    reader, writer = await asyncio.open_connection(LOOPBACK, gate.port)
    assert await reader.readexactly(len("hello"))
    writer.close()
    await asyncio.wait_for(notes.over.wait(), 10)
    await gate.close()
    behind.close()
    assert notes.heard == ["hello", "the client is gone", "late", "all of it"]
