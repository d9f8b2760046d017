"""The stores that need nothing but this process."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.memory import memory_store
from adapters.sqlite import sqlite_store
from adapters.sqlite.opening import open_writer
from chat_domain.ports.store import Store
from tests.unit.in_memory import memory_folder


@pytest.fixture(scope="session")
def empty_file() -> Iterator[Path]:
    """A database with empty tables, which take longer to make than most tests take."""
    with memory_folder() as folder:
        path = folder / "empty.db"
        open_writer(path).close()
        yield path


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, empty_file: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield memory_store()
        return
    with memory_folder() as folder:
        path = folder / "chat.db"
        shutil.copy(empty_file, path)
        async with sqlite_store(path) as opened:
            yield opened
