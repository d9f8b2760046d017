"""Connections to Redis that something between it and a node resets."""

import asyncio
import re
from contextlib import suppress

import pytest
import uvloop

from adapters.faults.incidents import INCIDENTS
from adapters.redis import client_of
from adapters.redis.failures import NO_CONNECTION, code_of
from adapters.redis.pipeline import NAME, Commands
from chat_domain.errors import TryAgain
from tests.delivery.network import reset
from tests.eventually import eventually


class Resetting:
    """Answers every command with OK, and resets the connection on request."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(b"+OK\r\n" * len(re.findall(rb"\*\d+\r\n", data)))
        writer.close()

    async def reset_all(self) -> None:
        for writer in self._writers:
            reset(writer)
            with suppress(OSError):
                await writer.wait_closed()


async def ask_after_a_reset() -> None:
    redis = Resetting()
    async with await asyncio.start_server(redis.serve, "127.0.0.1") as server:
        client = client_of(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        commands = Commands(client)
        assert await commands.run("SET", "key", "value")
        (connection,) = client.connection_pool._available_connections
        await redis.reset_all()
        assert connection._writer is not None
        await eventually(connection._writer.transport.is_closing)
        with pytest.raises(TryAgain) as raised:
            await commands.run("SET", "key", "value")
        assert code_of(raised.value) == NO_CONNECTION
        assert await commands.run("SET", "key", "value")
        await client.aclose()


def test_a_connection_that_was_reset_is_no_defect() -> None:
    """uvloop refuses to write to it by another error than asyncio. The next command has another
    connection."""
    uvloop.run(ask_after_a_reset())
    assert INCIDENTS.defects[NAME] == 0
