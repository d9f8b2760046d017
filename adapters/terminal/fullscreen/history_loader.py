"""Fetching missing parts of a conversation, page by page."""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.client import Changed, ChatClient, ClientError, Message, Page, Where
from adapters.terminal.fullscreen.items import Item
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.render import why

PAGE = 50  # entries

How = Callable[[Window, Where], Awaitable[None]]


class HistoryLoader:
    """shown: makes the item for an entry; every entry needs one, or the next page would be the same
    again. changed: called when a page has come."""

    def __init__(
        self,
        client: ChatClient,
        shown: Callable[[Message | Changed], Item],
        changed: Callable[[], None],
    ) -> None:
        self._client = client
        self._shown = shown
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()

    def reset(self) -> None:
        """Nobody is logged in any more."""
        for task in self._tasks:
            task.cancel()

    def newest(self, window: Window) -> None:
        self._fetch(window, self._newest)

    def older(self, window: Window) -> None:
        self._fetch(window, self._older)

    def newer(self, window: Window) -> None:
        self._fetch(window, self._newer)

    def _fetch(self, window: Window, how: How) -> None:
        """Fetch one page of a window at a time; after a failure none, until somebody clears the
        window's `trouble`."""
        if window.where is None or window.fetching or window.trouble:
            return
        window.fetching = True
        task = asyncio.create_task(self._try(window, window.where, how))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, window: Window, where: Where, how: How) -> None:
        try:
            await how(window, where)
        except ClientError as exc:
            window.trouble = why(exc)
        finally:
            window.fetching = False
            self._changed()

    async def _newest(self, window: Window, where: Where) -> None:
        page = await self._client.history_page(where, limit=PAGE)
        window.loaded = True
        window.items.prepend(self._items(page), more=page.more)
        window.read_up_to(page.read or 0)
        for user_id, at in page.reads.items():
            window.read_by(user_id, at)

    async def _older(self, window: Window, where: Where) -> None:
        first = window.items.first
        page = await self._client.history_page(where, before=first, limit=PAGE)
        if window.items.first == first:  # otherwise there would be a gap
            window.items.prepend(self._items(page), more=page.more)

    async def _newer(self, window: Window, where: Where) -> None:
        last = window.items.last
        page = await self._client.history_page(where, after=last, limit=PAGE)
        if window.items.last == last:
            window.items.append(self._items(page), more=page.more)

    def _items(self, page: Page) -> list[Item]:
        return [self._shown(entry) for entry in page.entries]
