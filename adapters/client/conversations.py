"""The client's methods for conversations: their list, their history, and what others see."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import TypedDict

from msgspec.structs import replace

from adapters.client.conversation import Conversation, Page
from adapters.client.event_mapping import conversation_of, page_of
from adapters.client.events import Changed, Message
from adapters.client.requester import Requester
from adapters.client.where import InGroup, Where, where
from adapters.wire import requests
from chat_domain.model import Preferences

TYPING_EVERY = 3.0  # seconds; the server passes on no more either


class _Ids(TypedDict, total=False):
    toid: int
    groupid: int


class Conversations(Requester):
    _typed: tuple[Where | None, float] = (None, -math.inf)

    async def conversations(self, page: int = 100) -> AsyncIterator[Conversation]:
        """The user's conversations, the most recent first, fetched page by page.

        One in which something is said meanwhile moves to the front, and may be missing from the
        pages that follow. So if there are several pages, all that have moved come again after the
        last one; of two rows about a conversation, the later counts.
        """
        request = front = requests.ListConversations(limit=page)
        known = newest = 0
        while True:
            ack = await self._ask(request)
            news = [row for row in ack.conversations if row.last.at > known]
            for row in news:
                yield conversation_of(row, self._user_id)
            newest = max([newest, *(row.last.at for row in news)])
            if ack.next is not None and len(news) == len(ack.conversations):
                request = replace(request, before=ack.next)
            elif request.before is None:
                return  # nothing can be missing from a single page
            else:
                request, known = front, newest

    async def history(
        self,
        whom: Where | int,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int | None = None,
        page: int = 50,
    ) -> AsyncIterator[Message | Changed]:
        """The entries of a conversation, fetched page by page.

        By default the newest first, from the position `before` (exclusive) or from the end; with
        `after` (exclusive), the oldest first from there. limit: how many in total, None for all.
        page: entries per request, 1 to 200.
        """
        left = math.inf if limit is None else limit
        while left > 0:
            size = int(min(page, left))
            part = await self.history_page(whom, before=before, after=after, limit=size)
            for entry in part.entries if after is not None else reversed(part.entries):
                yield entry
            left -= len(part.entries)
            if not part.more or not part.entries:
                return
            if after is not None:
                after = part.entries[-1].at
            else:
                before = part.entries[0].at

    async def history_page(
        self,
        whom: Where | int,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> Page:
        """One page of `history`. The newest, without `before` and `after`, also says how far its
        members have read."""
        request = requests.History(before=before, after=after, limit=limit, **_ids(whom))
        return page_of(await self._ask(request), self._user_id)

    async def read(self, whom: Where | int, at: int) -> None:
        """The user has read a conversation up to a position. All their devices are told, and the
        others unless the user hides it. A lower position than before changes nothing; nor does one
        of an epoch that ends before the server has received it."""
        request, asked = requests.Read(at=at, **_ids(whom)), self._connection.position

        async def ask() -> None:
            now = self._connection.position
            if asked is None or now is None or now.epoch == asked.epoch:
                await self._keeper.ask(request, self._settings.answer_within)

        await self._keeper.retry(ask)

    async def typing(self, whom: Where | int) -> None:
        """The user is typing. May be called on every key press, since it is sent at most once in
        3 s. Dropped if there is no connection."""
        now = asyncio.get_running_loop().time()
        if self._typed[0] == where(whom) and now - self._typed[1] < TYPING_EVERY:
            return
        self._typed = where(whom), now
        self._connection.send_and_forget(requests.Typing(**_ids(whom)))

    async def settings(
        self, *, hide_read: bool | None = None, hide_typing: bool | None = None
    ) -> Preferences:
        """Change what the user hides from others: how far they have read, and that they are typing.
        None: no change. The server keeps these settings for all devices. Returns them."""
        ack = await self._ask_retrying(
            requests.Settings(hide_read=hide_read, hide_typing=hide_typing)
        )
        return Preferences(ack.hide_read, ack.hide_typing)

    async def mute(self, whom: Where | int, *, muted: bool = True) -> bool:
        """Turn a conversation's notifications off, or on again, for all devices. Return whether
        they are off then: the server keeps nothing for a user with whom there is none yet."""
        ack = await self._ask_retrying(requests.Settings(muted=muted, **_ids(whom)))
        return bool(ack.muted)


def _ids(whom: Where | int) -> _Ids:
    """The field that names a conversation in a request."""
    one = where(whom)
    return {"groupid": one.group_id} if isinstance(one, InGroup) else {"toid": one.user_id}
