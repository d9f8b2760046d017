"""Messages that the user has sent, until it is shown what became of them."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from adapters.client import Ack, ChatClient, ConnectionLost, OutboxFull, Refused
from adapters.terminal import render
from adapters.terminal.render import Line
from chat_domain.model import Group, User


class Sending:
    """show, failed: what to do with the line of a message that was accepted, or was not.

    echo_after: seconds after which a message without an answer is shown as on its way.
    trouble: ends in the exception that kept an outcome from being shown, if there was one.
    """

    def __init__(
        self,
        client: ChatClient,
        show: Callable[[Line], None],
        failed: Callable[[Line], None],
        *,
        echo_after: float | None,
        now: Callable[[], datetime],
    ) -> None:
        self.trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client = client
        self._show = show
        self._failed = failed
        self._echo_after = echo_after
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, to: User | Group, text: str) -> None:
        """Put a message on its way; what becomes of it is shown when it is known."""
        future = await self._post(to, text)
        task = asyncio.create_task(self._report(to, text, future))
        self._tasks.add(task)
        task.add_done_callback(self._reported)

    async def finish(self, within: float) -> int:
        """Wait until all messages have their answer; return how many have none in that time."""
        if not self._tasks:
            return 0
        _, waiting = await asyncio.wait(self._tasks, timeout=within)
        return len(waiting)

    def _reported(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not self.trouble.done():
            self.trouble.set_exception(failure)

    async def _post(self, to: User | Group, text: str) -> asyncio.Future[Ack]:
        post = self._client.post_group if isinstance(to, Group) else self._client.post
        while True:
            try:
                return post(to.id, text)
            except OutboxFull:
                await self._client.room()

    async def _report(self, to: User | Group, text: str, future: asyncio.Future[Ack]) -> None:
        name = f"[{to.name}]" if isinstance(to, Group) else to.name
        await asyncio.wait({future}, timeout=self._echo_after)
        if not future.done():
            self._show(render.sent(name, text, None, self._now()))
        try:
            ack = await future
        except (Refused, ConnectionLost) as exc:
            self._failed(render.sent(name, text, exc, self._now()))
        else:
            self._show(render.sent(name, text, ack, self._now()))
