"""The stores that need nothing but this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.memory import memory_store
from adapters.sqlite import sqlite_store
from chat_domain.ports import Store
from tests.contract import CAPACITY


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield memory_store(mailbox_capacity=CAPACITY)
        return
    async with sqlite_store(tmp_path / "chat.db", mailbox_capacity=CAPACITY) as opened:
        yield opened
