"""The stores that need nothing but this process."""

from collections.abc import AsyncIterator

import pytest

from adapters.memory import memory_store
from adapters.sqlite import sqlite_store
from chat_domain.ports.store import Store
from tests.unit.in_memory import memory_folder


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield memory_store()
        return
    with memory_folder() as folder:
        async with sqlite_store(folder / "chat.db") as opened:
            yield opened
