"""Messages that the user has sent, until their outcome is shown."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from adapters.client import (
    Ack,
    ChatClient,
    ClientError,
    ConnectionLost,
    Message,
    OutboxFull,
    Refused,
)
from adapters.terminal import render
from adapters.terminal.book import Book
from adapters.terminal.ports import Outgoing, Partner, Presenter
from adapters.terminal.render import Line, Mark
from adapters.terminal.ticks import Sent, Ticks
from chat_domain.model import Group, User

LONGEST = 4_096  # characters of a message


class Sending:
    """show, failed: called with the line of a message that was accepted, or was not.

    echo_after: seconds after which a message without an answer is shown as on its way.
    presenter: also shows each message in its conversation. why: returns why a message was refused.
    ticks: to be told what others have received.
    trouble: fails with the exception that kept an outcome from being shown, if there was one.
    """

    def __init__(
        self,
        client: ChatClient,
        show: Callable[[Line], None],
        failed: Callable[[Line], None],
        *,
        echo_after: float | None,
        now: Callable[[], datetime],
        presenter: Presenter,
        why: Callable[[ClientError], str] = str,
    ) -> None:
        self.trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ticks = Ticks(self._show_got)
        self._client = client
        self._show = show
        self._failed = failed
        self._echo_after = echo_after
        self._now = now
        self._presenter = presenter
        self._why = why
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, to: Partner, text: str) -> None:
        """Send a message; its outcome is shown when it is known."""
        future = await self._post(to, text)
        outgoing = self._presenter.on_send(to, text)
        task = asyncio.create_task(self._report(to, text, future, outgoing))
        self._tasks.add(task)
        task.add_done_callback(self._reported)

    def sent_elsewhere(self, message: Message, book: Book) -> None:
        """Show what the user has written on another device."""
        time = render.when(message.time_ms, self._now())
        if message.group_id:
            to: Partner = Group(message.group_id, book.group_name(message.group_id), "")
        else:
            to = User(message.to_id, book.name_of(message.to_id))
        self._show_sent(to, message.text, message.at, time)

    async def finish(self, within: float) -> int:
        """Wait until all messages are answered; return how many are not within that time."""
        if not self._tasks:
            return 0
        _, waiting = await asyncio.wait(self._tasks, timeout=within)
        return len(waiting)

    def _reported(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not self.trouble.done():
            self.trouble.set_exception(failure)

    async def _post(self, to: Partner, text: str) -> asyncio.Future[Ack]:
        post = self._client.post_group if isinstance(to, Group) else self._client.post
        while True:
            try:
                return post(to.id, text)
            except OutboxFull:
                await self._client.room()

    async def _report(
        self, to: Partner, text: str, future: asyncio.Future[Ack], outgoing: Outgoing
    ) -> None:
        name = _name(to)
        await asyncio.wait({future}, timeout=self._echo_after)
        if not future.done():
            self._show(render.sent(name, text, Mark.ON_ITS_WAY, self._time(), "on its way"))
        try:
            ack = await future
        except (Refused, ConnectionLost) as exc:
            why = self._why(exc)
            outgoing.refused(why)
            self._failed(render.sent(name, text, Mark.REFUSED, self._time(), why))
        else:
            outgoing.logged(ack)
            self._show_sent(to, text, ack.at, self._time())

    def _show_sent(self, to: Partner, text: str, at: int, time: str) -> None:
        is_with_them = isinstance(to, User) and self.ticks.sent(Sent(at, to.id, to.name, text))
        mark = Mark.GOT if is_with_them else Mark.LOGGED
        self._show(render.sent(_name(to), text, mark, time))

    def _show_got(self, last: Sent, before: int) -> None:
        remark = f"and {before} before it" if before else ""
        self._show(render.sent(last.name, last.text, Mark.GOT, self._time(), remark))

    def _time(self) -> str:
        now = self._now()
        return render.when(int(now.timestamp() * 1000), now)


def pieces(text: str) -> Iterator[str]:
    """A text in pieces that the server accepts, cut between words if possible, as in the page."""
    while len(text) > LONGEST:
        space = max(text.rfind("\n", 0, LONGEST), text.rfind(" ", 0, LONGEST))
        end = space + 1 if space > LONGEST // 2 else LONGEST
        yield text[:end]
        text = text[end:]
    yield text


def _name(to: Partner) -> str:
    return f"[{to.name}]" if isinstance(to, Group) else to.name
