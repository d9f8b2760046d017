"""Folders that go with the test run that made them, or with the next one if it was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "chat-test-run-"


@contextmanager
def passing_folder(where: Path) -> Iterator[Path]:
    """A new folder there. Folders that ended runs have left behind are removed."""
    for folder in where.glob(f"{PREFIX}*"):
        with suppress(OSError), _locked(folder):
            shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=where) as name, _locked(Path(name)):
        yield Path(name)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder. The system frees the lock however the process ends. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
