"""A gateway over the in-memory domain."""

from tests.unit.gateway.conftest import server

__all__ = ["server"]
