"""The owner of everything that runs in the background."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from adapters.faults.incidents import INCIDENTS
from adapters.faults.owner import OWNER
from chat_domain.ports.runtime import Owner

log = structlog.get_logger()

NAME = "background tasks"  # in the metrics


class BackgroundTasks:
    """`chat_domain.ports.runtime.Tasks`: kept until they are done; the log says where one fails."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        INCIDENTS.watch(NAME)

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], owner: Owner | None = None) -> None:
        before = OWNER.set(owner)
        task = asyncio.get_running_loop().create_task(work)  # in a copy of the present context
        self._tasks.add(task)
        task.add_done_callback(self._done)  # in a copy as well
        OWNER.reset(before)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            INCIDENTS.defect(NAME, error, "background task failed")

    def soon(self, work: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(work)

    async def next_turn(self) -> None:
        await asyncio.sleep(0)

    async def finish(self, seconds: float) -> None:
        """Wait until all are done, including those started meanwhile; cancel what is left then."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self._tasks and loop.time() < deadline:
            await asyncio.wait(self._tasks, timeout=deadline - loop.time())
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            log.warning("background tasks cancelled", count=len(self._tasks))
            await asyncio.wait(self._tasks, timeout=1)
