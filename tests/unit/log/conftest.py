"""A node in memory, and the first people on it."""

from tests.unit.domain.conftest import ann, bob, world

__all__ = ["ann", "bob", "world"]
