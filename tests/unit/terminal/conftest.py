from collections.abc import AsyncIterator

import pytest

from tests.unit.client.fake_chat_server import FakeServer


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer().listening() as listening:
        yield listening
