"""Folders for databases whose commits do not have to wait for a disk."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_MEMORY = "/dev/shm"  # noqa: S108  # a folder of its own is made in it


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory, if the system has one: nothing here tests what outlives a machine."""
    has_it = os.access(_MEMORY, os.W_OK)
    with tempfile.TemporaryDirectory(dir=_MEMORY if has_it else None) as folder:
        yield Path(folder)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Replaces pytest's own for the tests of a folder whose `conftest.py` imports it."""
    with memory_folder() as folder:
        yield folder
