"""A gateway over the domain in memory."""

from tests.unit.gateway.conftest import server

__all__ = ["server"]
