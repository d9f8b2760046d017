"""Waiting until something holds by itself."""

import asyncio
import inspect
from collections.abc import Callable

PATIENCE = 60.0  # seconds; what is waited for takes a fraction of it
EVERY = 0.005  # seconds


async def eventually(holds: Callable[[], object], within: float = PATIENCE) -> None:
    """Wait until a condition, which may be awaitable, holds; fail if it does not within so many
    seconds."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within
    while not await _known(holds()):
        assert clock() < deadline, "it never came to hold"
        await asyncio.sleep(EVERY)


async def _known(answer: object) -> object:
    return await answer if inspect.isawaitable(answer) else answer
