"""The folders of the tests of SQLite."""

from tests.unit.in_memory import tmp_path

__all__ = ["tmp_path"]  # a fixture for pytest to find here
