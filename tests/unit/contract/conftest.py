"""The stores that need nothing but this process."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.memory import memory_store
from adapters.sqlite import sqlite_store
from chat_domain.ports.store import Store

MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of its own is made in it


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Where a commit need not wait for a disk: what outlives the power is another test's matter."""
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, directory: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield memory_store()
        return
    async with sqlite_store(directory / "chat.db") as opened:
        yield opened
