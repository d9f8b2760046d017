from collections.abc import Callable

from tests.unit.gateway.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], VirtualTimeLoop]]:
    """Time passes at once in these tests, and not at all while something happens."""
    return {"virtual time": VirtualTimeLoop}
