from collections.abc import Callable

from tests.unit.gateway.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], VirtualTimeLoop]]:
    """Waiting takes no real time in these tests, and no time passes while something happens."""
    return {"virtual time": VirtualTimeLoop}
