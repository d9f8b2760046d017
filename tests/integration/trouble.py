"""A service that hangs or is down for a while."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from entrypoints.services.program import Program
from tests.integration.chatter import beside

Trouble = Callable[[Program], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def hangs(service: Program) -> AsyncGenerator[None]:
    service.pause()
    try:
        yield
    finally:
        service.resume()


@asynccontextmanager
async def is_down(service: Program) -> AsyncGenerator[None]:
    await beside(service.kill)
    try:
        yield
    finally:
        await beside(service.start)
