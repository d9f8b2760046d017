"""Folders that go with the test run that has made them: with the next one, if it was killed."""

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
    """A new folder there. Those of runs that have ended without removing theirs are removed."""
    for folder in where.glob(f"{PREFIX}*"):
        with suppress(OSError), _locked(folder):
            shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=where) as name, _locked(Path(name)):
        yield Path(name)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The system frees it with the process, however that ends. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
