"""Where the tests of SQLite have their files."""

from tests.unit.in_memory import tmp_path

__all__ = ["tmp_path"]  # a fixture, found here by pytest
