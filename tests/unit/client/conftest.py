from collections.abc import AsyncIterator

import pytest

from tests.unit.client.fake_chat_server import FakeServer
from tests.unit.in_memory import tmp_path

__all__ = ["server", "tmp_path"]  # fixtures for pytest to find here


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer().listening() as listening:
        yield listening
